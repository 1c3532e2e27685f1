#include "libs/text/tokenizer.h"

#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/text/byte_pairs.h"
#include "libs/text/char_classes.h"
#include "libs/text/piece_splitter.h"
#include "libs/text/tokenizer_data.h"
#include "libs/text/vocabulary.h"

namespace countersign::text {
namespace {

std::vector<std::string> ReadAll(std::initializer_list<TokenizerData> files) {
  std::vector<std::string> contents;
  for (const TokenizerData file : files) contents.push_back(ReadTokenizerData(file));
  return contents;
}

class BytePairTokenizer final : public Tokenizer {
 public:
  BytePairTokenizer(absl::string_view name, std::initializer_list<TokenizerData> ranks,
                    PieceSplitter piece_end)
      : name_(name),
        classes_(CharClasses::Get()),
        vocabulary_(ReadAll(ranks)),
        counter_(vocabulary_),
        piece_end_(piece_end) {}

  absl::string_view name() const override { return name_; }

  std::size_t Count(absl::string_view text) const override {
    return CountUpTo(text, std::numeric_limits<std::size_t>::max());
  }

  std::size_t CountUpTo(absl::string_view text, std::size_t limit) const override {
    std::size_t count = 0;
    for (std::size_t pos = 0; pos < text.size() && count <= limit;) {
      const std::size_t end = piece_end_(classes_, text, pos);
      count += CountPiece(text.substr(pos, end - pos), limit - count);
      pos = end;
    }
    return count;
  }

 private:
  std::size_t CountPiece(absl::string_view piece, std::size_t limit) const {
    const std::size_t fewest = piece.size() / vocabulary_.longest();
    return fewest > limit ? fewest : counter_.Count(piece);
  }

  const absl::string_view name_;
  const CharClasses& classes_;
  const Vocabulary vocabulary_;
  const BytePairCounter counter_;
  const PieceSplitter piece_end_;
};

const Tokenizer& O200k() {
  static const auto* const tokenizer =
      new BytePairTokenizer("o200k_base", {TokenizerData::kO200kRanks}, &O200kPieceEnd);
  return *tokenizer;
}

const Tokenizer& Cl100k() {
  static const auto* const tokenizer =
      new BytePairTokenizer("cl100k_base", {TokenizerData::kCl100kRanks}, &Cl100kPieceEnd);
  return *tokenizer;
}

const Tokenizer& Llama3() {
  static const auto* const tokenizer = new BytePairTokenizer(
      "llama3", {TokenizerData::kCl100kRanks, TokenizerData::kLlama3MoreRanks}, &Cl100kPieceEnd);
  return *tokenizer;
}

// Models of cl100k_base: their exact name, or the name and what may follow it.
bool IsCl100kModel(absl::string_view model) {
  constexpr std::array<absl::string_view, 5> kExact = {"gpt-4", "gpt-3.5", "gpt-35", "davinci-002",
                                                       "babbage-002"};
  constexpr std::array<absl::string_view, 4> kPrefixes = {"gpt-4-", "gpt-3.5-", "gpt-35-",
                                                          "text-embedding-"};
  for (const absl::string_view exact : kExact) {
    if (model == exact) return true;
  }
  for (const absl::string_view prefix : kPrefixes) {
    if (absl::StartsWith(model, prefix)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<const Tokenizer*> Tokenizer::ByName(absl::string_view name) {
  if (name == "o200k_base") return &O200k();
  if (name == "cl100k_base") return &Cl100k();
  if (name == "llama3") return &Llama3();
  return absl::NotFoundError(
      absl::StrCat("no tokenizer \"", name, "\"; known are o200k_base and cl100k_base"));
}

const Tokenizer& Tokenizer::ForModel(absl::string_view model) {
  // A fine-tuned model is named ft:<base>:…
  if (absl::ConsumePrefix(&model, "ft:")) model = model.substr(0, model.find(':'));
  return IsCl100kModel(model) ? Cl100k() : O200k();
}

}  // namespace countersign::text
