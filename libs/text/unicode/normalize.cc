#include "libs/text/unicode/normalize.h"

#include <algorithm>

#include "libs/base/mutex.h"
#include "libs/base/utf8.h"
#include "libs/text/unicode/char_folding.h"
#include "libs/text/unicode/word_edges.h"

namespace countersign::text::unicode {
namespace {

void AppendUtf8(std::uint32_t code_point, std::string* out) {
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
    return;
  }
  const int trails = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  constexpr std::uint32_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out->push_back(static_cast<char>(kLead[trails] | code_point >> (6 * trails)));
  for (int i = trails - 1; i >= 0; --i) {
    out->push_back(static_cast<char>(0x80 | (code_point >> (6 * i) & 0x3f)));
  }
}

// Whether the bytes are one character, so that runs of such can be mapped byte by byte.
bool IsOneCharacter(absl::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  return bytes.size() == (first < 0x80 ? 1u : first < 0xe0 ? 2u : first < 0xf0 ? 3u : 4u);
}

}  // namespace

OriginalSpan NormalizedText::Original(std::size_t begin, std::size_t end) const {
  OriginalSpan span;
  const Run& first = RunAt(begin);
  const Run& last = RunAt(end - 1);
  span.begin = first.original_begin + (first.linear ? begin - first.begin : 0);
  span.end = last.original_begin + (last.linear ? end - last.begin : last.original_size);
  span.whole = (first.linear || begin == first.begin) && (last.linear || end == RunEnd(last));
  return span;
}

const NormalizedText::Run& NormalizedText::RunAt(std::size_t offset) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), offset,
                       [](std::size_t at, const Run& run) { return at < run.begin; });
  return *std::prev(after);
}

std::size_t NormalizedText::RunEnd(const Run& run) const {
  return &run == &runs_.back() ? text_.size() : (&run)[1].begin;
}

void NormalizedText::Append(absl::string_view out, std::size_t original_begin,
                            std::size_t original_size) {
  const bool linear = out.size() == original_size && IsOneCharacter(out);
  if (linear && !runs_.empty() && runs_.back().linear &&
      runs_.back().original_begin + runs_.back().original_size == original_begin) {
    runs_.back().original_size += static_cast<std::uint32_t>(original_size);
  } else {
    runs_.push_back({static_cast<std::uint32_t>(text_.size()),
                     static_cast<std::uint32_t>(original_begin),
                     static_cast<std::uint32_t>(original_size), linear});
  }
  text_.append(out.data(), out.size());
}

void NormalizedText::ExtendLast(std::size_t original_end) {
  Run& last = runs_.back();
  const std::size_t begin =
      last.linear ? last.original_begin + last.original_size - 1 : std::size_t{last.original_begin};
  if (last.linear && last.original_size > 1) {
    // The space at the end of a linear run becomes a separate run.
    --last.original_size;
    runs_.push_back({static_cast<std::uint32_t>(text_.size() - 1), 0, 0, false});
  }
  runs_.back().linear = false;
  runs_.back().original_begin = static_cast<std::uint32_t>(begin);
  runs_.back().original_size = static_cast<std::uint32_t>(original_end - begin);
}

// Processes one text cluster by cluster.
class Normalizer::Writer {
 public:
  Writer(const Normalizer& normalizer, absl::string_view text)
      : normalizer_(normalizer), text_(text) {
    out_.text_.reserve(text.size() + text.size() / 8);
  }

  NormalizedText Run() {
    while (pos_ < text_.size()) {
      CopyAscii();
      if (pos_ < text_.size()) TakeCluster();
    }
    return std::move(out_);
  }

 private:
  // Copies ASCII characters that map to themselves, except for the last one, which a mark may
  // follow.
  void CopyAscii() {
    const std::size_t begin = pos_;
    std::string& out = out_.text_;
    const std::size_t out_begin = out.size();
    while (pos_ + 1 < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[pos_]);
      const auto next = static_cast<unsigned char>(text_[pos_ + 1]);
      if ((byte | next) >= 0x80) break;
      char folded = normalizer_.ascii_[byte];
      if (folded == 0 && byte == ' ' && normalizer_.collapses_spaces_ &&
          normalizer_.ascii_[next] != 0 && (out.empty() || out.back() != ' ')) {
        folded = ' ';  // a single one
      }
      if (folded == 0) break;
      out.push_back(folded);
      ++pos_;
    }
    if (pos_ == begin) return;
    auto& runs = out_.runs_;
    const auto size = static_cast<std::uint32_t>(pos_ - begin);
    if (!runs.empty() && runs.back().linear &&
        runs.back().original_begin + runs.back().original_size == begin) {
      runs.back().original_size += size;
    } else {
      runs.push_back(
          {static_cast<std::uint32_t>(out_begin), static_cast<std::uint32_t>(begin), size, true});
    }
  }

  void TakeCluster() {
    const std::size_t begin = pos_;
    const Utf8Char first = DecodeUtf8(text_, pos_);
    const std::uint32_t code_point = first.valid ? first.code_point : 0xfffd;
    pos_ += first.size;
    std::size_t characters = 1;
    bool only_marks = true;  // after the first one
    while (pos_ < text_.size() && static_cast<unsigned char>(text_[pos_]) >= 0x80 &&
           characters < kLongestCluster) {
      const Utf8Char next = DecodeUtf8(text_, pos_);
      if (!next.valid) break;
      const Char& follower = normalizer_.FindBlock(next.code_point).chars[next.code_point & 0xff];
      if (follower.starts_cluster) break;
      only_marks = only_marks && follower.is_plain_mark;
      pos_ += next.size;
      ++characters;
    }
    const Block& block = normalizer_.FindBlock(code_point);
    const Char& known = block.chars[code_point & 0xff];
    if (known.is_space) {
      TakeSpace(begin);
    } else if (characters == 1 || (known.sheds_marks && only_marks)) {
      Put({block.bytes.data() + known.offset, known.size}, begin);
    } else {
      Put(Folded(text_.substr(begin, pos_ - begin)), begin);
    }
  }

  void TakeSpace(std::size_t begin) {
    if (!out_.text_.empty() && out_.text_.back() == ' ') {
      out_.ExtendLast(pos_);
    } else {
      out_.Append(" ", begin, pos_ - begin);
    }
  }

  void Put(absl::string_view folded, std::size_t begin) {
    if (!folded.empty()) out_.Append(folded, begin, pos_ - begin);
  }

  // Texts with marks repeat few clusters often, and ICU needs a microsecond for each.
  const std::string& Folded(absl::string_view cluster) {
    constexpr std::size_t kMostRemembered = 16384;
    const std::string key(cluster);
    if (const auto found = clusters_.find(key); found != clusters_.end()) return found->second;
    if (clusters_.size() >= kMostRemembered) clusters_.clear();
    return clusters_[key] = FoldCluster(normalizer_.form_, cluster);
  }

  const Normalizer& normalizer_;
  const absl::string_view text_;
  std::size_t pos_ = 0;
  NormalizedText out_;
  std::unordered_map<std::string, std::string> clusters_;
};

const Normalizer& Normalizer::For(Form form) {
  static const auto* const all = [] {
    auto* const made = new std::array<std::unique_ptr<const Normalizer>, 8>;
    for (std::size_t i = 0; i < made->size(); ++i) {
      (*made)[i].reset(new Normalizer(static_cast<Form>(i)));
    }
    return made;
  }();
  return *(*all)[static_cast<std::size_t>(form)];
}

Normalizer::Normalizer(Form form)
    : form_(form),
      by_character_(form == Form::kRaw || form == Form::kSpaced || form == Form::kCaseless),
      collapses_spaces_((by_character_ && form != Form::kRaw) || form == Form::kSkeleton ||
                        form == Form::kLeet),
      lowers_(form != Form::kRaw && form != Form::kSpaced),
      is_skeleton_(form == Form::kSkeleton),
      by_table_(form == Form::kLeet || form == Form::kJoined) {
  const Block& block = FindBlock(0);
  for (std::size_t byte = 0; byte < ascii_.size(); ++byte) {
    const Char& known = block.chars[byte];
    if (known.size == 1 && !known.is_space) ascii_[byte] = block.bytes[known.offset];
    Ascii& own = ascii_form_[byte];
    own.is_word = known.is_word;
    if (known.is_space) continue;
    own.size = known.size;
    block.bytes.copy(own.bytes, known.size, known.offset);
  }
}

NormalizedText Normalizer::Apply(absl::string_view text) const { return Writer(*this, text).Run(); }

const Normalizer::Block& Normalizer::CreateBlock(std::uint32_t code_point) const {
  std::atomic<const Block*>& slot = blocks_[code_point >> 8];
  static Mutex mutex;
  const MutexLock lock(mutex);
  if (const Block* const block = slot.load(std::memory_order_acquire)) return *block;
  const Block* const made = MakeBlock(code_point & ~0xffu).release();
  slot.store(made, std::memory_order_release);
  return *made;
}

std::unique_ptr<Normalizer::Block> Normalizer::MakeBlock(std::uint32_t first) const {
  auto block = std::make_unique<Block>();
  std::string utf8;
  for (std::uint32_t i = 0; i < block->chars.size(); ++i) {
    const std::uint32_t code_point = first + i;
    if (IsSurrogate(code_point)) continue;
    utf8.clear();
    AppendUtf8(code_point, &utf8);
    const std::string folded = FoldCluster(form_, utf8);
    Char& known = block->chars[i];
    known.offset = static_cast<std::uint32_t>(block->bytes.size());
    known.size = static_cast<std::uint8_t>(folded.size());
    known.is_space = collapses_spaces_ && IsSpace(code_point);
    known.starts_cluster = by_character_ || StartsCluster(code_point);
    known.is_plain_mark = IsPlainMark(code_point);
    known.sheds_marks = ShedsMarks(form_, code_point);
    known.is_word = IsWordCharacter(code_point);
    known.is_passed_by = IsPassedByWordEdges(code_point);
    known.is_simple = known.size >= 1 && known.size <= kMostSimple && !known.is_space &&
                      !known.is_passed_by && known.starts_cluster;
    block->bytes += folded;
  }
  block->bytes.append(kMostSimple, '\0');
  return block;
}

}  // namespace countersign::text::unicode
