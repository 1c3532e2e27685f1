#include "libs/text/tokens/byte_pair_tokenizer.h"

#include <atomic>
#include <cstdlib>
#include <limits>

namespace countersign::text::tokens {

namespace {

std::uint8_t NextNumber() {
  static std::atomic<unsigned> next{0};
  const unsigned number = next++;
  if (number > 255) std::abort();
  return static_cast<std::uint8_t>(number);
}

}  // namespace

BytePairTokenizer::BytePairTokenizer(absl::string_view name, const Vocabulary& vocabulary,
                                     PieceSplitter piece_end)
    : name_(name),
      number_(NextNumber()),
      classes_(CharClasses::Get()),
      vocabulary_(vocabulary),
      counter_(vocabulary),
      piece_end_(piece_end) {}

std::size_t BytePairTokenizer::Count(absl::string_view text) const {
  return CountUpTo(text, std::numeric_limits<std::size_t>::max());
}

std::size_t BytePairTokenizer::CountUpTo(absl::string_view text, std::size_t limit) const {
  PieceCache& cache = PieceCache::ForThread();
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size() && count <= limit;) {
    const std::size_t end = PieceEnd(text, pos);
    const absl::string_view piece = text.substr(pos, end - pos);
    const std::size_t fewest = piece.size() / vocabulary_.longest();
    count += fewest > limit - count ? fewest : CountPiece(piece, cache);
    pos = end;
  }
  return count;
}

}  // namespace countersign::text::tokens
