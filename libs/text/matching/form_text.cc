#include "libs/text/matching/form_text.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "libs/text/unicode/char_folding.h"

namespace countersign::text::matching {
namespace {

// A part of the offset map is built when something was found in it. Larger parts take longer;
// smaller ones need more checkpoints.
constexpr std::size_t kPartBytes = 512;
constexpr std::size_t kSlack = 64;  // space that one step may use without a check

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t size = 1;
};

// REQUIRES: a well-formed character beyond ASCII stands at `bytes`.
inline Decoded Decode(const char* bytes) {
  const auto at = [&](int i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  if (at(0) < 0xe0) return {(at(0) & 0x1f) << 6 | (at(1) & 0x3f), 2};
  if (at(0) < 0xf0) return {(at(0) & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f), 3};
  return {(at(0) & 0x07) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f), 4};
}

}  // namespace

class FormText::Writer {
 public:
  explicit Writer(FormText& out)
      : out_(out),
        normalizer_(out.normalizer_),
        text_(out.original_.data()),
        end_(out.original_.size()) {
    Reserve(end_ + end_ / 8 + 2 * kSlack);
  }

  void Run() {
    out_.checkpoints_.push_back({0, 0});
    while (pos_ < end_) {
      if (size_ - out_.checkpoints_.back().form >= kPartBytes && buffer_[size_ - 1] != ' ') {
        out_.checkpoints_.push_back({size_, pos_});
      }
      CopyAscii();
      if (!CopySimple() && pos_ < end_) TakeCluster();
    }
    out_.starts_.push_back(word_);
    Reserve(kSlack);
    std::memset(buffer_ + size_, 0, 16);
    out_.size_ = size_;
  }

 private:
  [[gnu::always_inline]] void Reserve(std::size_t more) {
    if (size_ + more > capacity_) Grow(more);
  }
  [[gnu::noinline]] void Grow(std::size_t more) {
    capacity_ = (size_ + more) * 3 / 2;
    auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
    if (size_ > 0) std::memcpy(larger.get(), buffer_, size_);
    out_.buffer_ = std::move(larger);
    buffer_ = out_.buffer_.get();
  }

  // Accepts the bytes written behind `size_`; `bits` marks the word starts among them.
  [[gnu::always_inline]] void Advance(std::size_t count, std::uint64_t bits) {
    const std::size_t at = size_ % 64;
    word_ |= bits << at;
    size_ += count;
    if (at + count < 64) return;
    out_.starts_.push_back(word_);
    word_ = at == 0 ? 0 : bits >> (64 - at);
  }

  // Copies ASCII, except for its last character, which a combining mark may follow, and at most one
  // part.
  void CopyAscii() {
    const std::size_t part = std::min(end_, pos_ + kPartBytes);
#ifdef __SSE2__
    while (pos_ + 17 <= part && !normalizer_.by_table_) {
      if (!CopyBlock()) return;
    }
#endif
    while (pos_ + 1 < part) {
      if (((text_[pos_] | text_[pos_ + 1]) & 0x80) != 0) return;
      TakeAscii();
    }
  }

  // REQUIRES: no combining mark follows.
  void TakeAscii() {
    Reserve(kSlack);
    const auto byte = static_cast<unsigned char>(text_[pos_++]);
    const unicode::Normalizer::Ascii& known = normalizer_.ascii_form_[byte];
    if (known.size == 0) {  // collapsed white space, or an ignored character
      prev_word_ = false;
      if (!normalizer_.collapses_spaces_) return;
      if (size_ > 0 && buffer_[size_ - 1] == ' ') return;
      buffer_[size_] = ' ';
      return Advance(1, 0);
    }
    std::memcpy(buffer_ + size_, known.bytes, 2);
    Advance(known.size, prev_word_ && known.is_word ? 0 : 1);
    prev_word_ = known.is_word;
  }

#ifdef __SSE2__
  static __m128i Between(__m128i bytes, char first, char last) {
    const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(static_cast<char>(last - first))),
                          shifted);
  }
  static __m128i Is(__m128i bytes, char byte) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)); }
  static unsigned Mask(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }

  // Copies sixteen ASCII bytes at once while each maps to one byte. False when it reaches the last
  // ASCII character, which it leaves.
  bool CopyBlock() {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_ + pos_));
    const unsigned foreign = Mask(bytes) | (text_[pos_ + 16] < 0 ? 0x10000u : 0u);
    if ((foreign & 3) != 0) return false;
    Reserve(kSlack);
    __m128i form = bytes;
    const __m128i upper = Between(bytes, 'A', 'Z');
    if (normalizer_.lowers_) form = _mm_add_epi8(form, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
    const unsigned word =
        Mask(_mm_or_si128(_mm_or_si128(upper, Between(bytes, 'a', 'z')),
                          _mm_or_si128(Between(bytes, '0', '9'), Is(bytes, '_'))));
    unsigned starts = ~(word & (word << 1 | (prev_word_ ? 1u : 0u))) & 0xffff;
    unsigned stops = 0;
    if (normalizer_.collapses_spaces_) {
      const __m128i space = _mm_or_si128(Is(bytes, ' '), Between(bytes, 9, 13));
      form = _mm_or_si128(_mm_andnot_si128(space, form), _mm_and_si128(space, _mm_set1_epi8(' ')));
      const unsigned spaces = Mask(space);
      const bool after_space = size_ > 0 && buffer_[size_ - 1] == ' ';
      stops = spaces & (spaces << 1 | (after_space ? 1u : 0u));
      starts &= ~spaces;
    }
    if (normalizer_.is_skeleton_) {
      form = _mm_sub_epi8(form, _mm_and_si128(Is(form, '0'), _mm_set1_epi8('0' - 'o')));
      form = _mm_sub_epi8(form, _mm_and_si128(Is(form, '1'), _mm_set1_epi8('1' - 'l')));
      stops |= Mask(Is(form, 'm'));
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(buffer_ + size_), form);
    stops |= foreign >> 1;
    const std::size_t count = stops == 0 ? 16 : static_cast<std::size_t>(__builtin_ctz(stops));
    if (count > 0) {
      Advance(count, starts & ((1u << count) - 1));
      pos_ += count;
      prev_word_ = (word >> (count - 1) & 1) != 0;
    }
    if (count == 16) return true;
    if ((foreign >> 1 >> count & 1) != 0) return false;
    TakeAscii();
    return true;
  }
#endif

  [[gnu::always_inline]] const unicode::Normalizer::Char& LookUp(std::uint32_t code_point) {
    if (code_point >> 8 != block_number_) {
      block_number_ = code_point >> 8;
      block_ = &normalizer_.FindBlock(code_point);
    }
    return block_->chars[code_point & 0xff];
  }

  // Copies non-ASCII characters that are clusters by themselves, and single ASCII characters
  // between them. Stops at a character that may not be one (and returns false), at more ASCII, or
  // at the end of a part. State that changes per character is kept in registers.
  bool CopySimple() {
    const std::size_t part = std::min(end_, pos_ + kPartBytes);
    std::size_t pos = pos_;
    std::size_t size = size_;
    std::uint64_t word = word_;
    bool prev_word = prev_word_;
    const auto advance = [&](std::size_t count, std::uint64_t bit) {
      const std::size_t at = size % 64;
      word |= bit << at;
      size += count;
      if (at + count < 64) return;
      out_.starts_.push_back(word);
      word = 0;
    };
    const auto put = [&](const char* form, std::size_t count, bool is_word) {
      if (size + kSlack > capacity_) {
        size_ = size;
        Grow(kSlack);
      }
      std::memcpy(buffer_ + size, form, unicode::Normalizer::kMostSimple);
      advance(count, prev_word && is_word ? 0 : 1);
      prev_word = is_word;
    };
    // The current non-ASCII character.
    Decoded now;
    const unicode::Normalizer::Char* known = nullptr;
    const auto look_at = [&](std::size_t at) {
      now = Decode(text_ + at);
      known = &LookUp(now.code_point);
    };
    const auto is_among_ascii = [&] {
      return text_[pos] >= 0 && pos + 1 < end_ && text_[pos + 1] >= 0;
    };
    if (pos < part && text_[pos] < 0) look_at(pos);
    while (pos < part) {
      if (text_[pos] >= 0) {
        if (pos + 1 == end_ || text_[pos + 1] >= 0) break;
        look_at(pos + 1);
        if (!known->starts_cluster) break;
        const unicode::Normalizer::Ascii& ascii =
            normalizer_.ascii_form_[static_cast<unsigned char>(text_[pos])];
        if (ascii.size != 0) {
          put(ascii.bytes, ascii.size, ascii.is_word);
        } else {  // collapsed white space, or an ignored character
          prev_word = false;
          if (normalizer_.collapses_spaces_ && (size == 0 || buffer_[size - 1] != ' ')) {
            buffer_[size] = ' ';
            advance(1, 0);
          }
        }
        ++pos;
        continue;
      }
      if (!known->is_simple) break;
      const unicode::Normalizer::Char& own = *known;
      const char* const form = block_->bytes.data() + own.offset;
      const std::size_t after = pos + now.size;
      if (after < end_ && text_[after] < 0) {
        look_at(after);
        if (!known->starts_cluster) break;
      }
      put(form, own.size, own.is_word);
      pos = after;
    }
    pos_ = pos;
    size_ = size;
    word_ = word;
    prev_word_ = prev_word;
    return pos >= part || is_among_ascii();
  }

  void TakeCluster() {
    const std::size_t begin = pos_;
    const Decoded first = text_[pos_] >= 0 ? Decoded{static_cast<unsigned char>(text_[pos_]), 1}
                                           : Decode(text_ + pos_);
    pos_ += first.size;
    const unicode::Normalizer::Char& known = LookUp(first.code_point);
    const unicode::Normalizer::Block* const block = block_;
    std::size_t characters = 1;
    bool only_marks = true;  // after the first one
    while (pos_ < end_ && text_[pos_] < 0 && characters < unicode::Normalizer::kLongestCluster) {
      const Decoded next = Decode(text_ + pos_);
      const unicode::Normalizer::Char& follower = LookUp(next.code_point);
      if (follower.starts_cluster) break;
      only_marks = only_marks && follower.is_plain_mark;
      pos_ += next.size;
      ++characters;
    }
    if (known.is_space) {
      prev_word_ = false;
      if (size_ > 0 && buffer_[size_ - 1] == ' ') return;
      Put(" ", false);
      return;
    }
    const bool starts = !(prev_word_ && known.is_word);
    if (characters == 1 || (known.sheds_marks && only_marks)) {
      Put({block->bytes.data() + known.offset, known.size}, starts);
    } else {
      Put(Folded({text_ + begin, pos_ - begin}), starts);
    }
    // Followers other than marks may affect a word boundary; an extra bit is harmless.
    if (!only_marks) {
      prev_word_ = false;
    } else if (!known.is_passed_by) {
      prev_word_ = known.is_word;
    }
  }

  void Put(absl::string_view form, bool starts) {
    Reserve(form.size() + kSlack);
    std::uint64_t bits = starts ? 1 : 0;
    while (!form.empty()) {
      const std::size_t count = std::min<std::size_t>(form.size(), 64);
      std::memcpy(buffer_ + size_, form.data(), count);
      Advance(count, std::exchange(bits, 0));
      form.remove_prefix(count);
    }
  }

  const std::string& Folded(absl::string_view cluster) {
    constexpr std::size_t kMostRemembered = 16384;
    const std::string key(cluster);
    if (const auto found = clusters_.find(key); found != clusters_.end()) return found->second;
    if (clusters_.size() >= kMostRemembered) clusters_.clear();
    return clusters_[key] = unicode::FoldCluster(normalizer_.form_, cluster);
  }

  FormText& out_;
  const unicode::Normalizer& normalizer_;
  const char* const text_;
  const std::size_t end_;
  std::size_t pos_ = 0;
  char* buffer_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::uint64_t word_ = 0;  // of starts_, being filled
  bool prev_word_ = false;  // the previous character is known to be a word character
  std::uint32_t block_number_ = ~0u;
  const unicode::Normalizer::Block* block_ = nullptr;
  std::unordered_map<std::string, std::string> clusters_;
};

FormText::FormText(const unicode::Normalizer& normalizer, absl::string_view original)
    : normalizer_(normalizer), original_(original) {
  Writer(*this).Run();
}

std::size_t FormText::FindPart(std::size_t offset) const {
  const auto after =
      std::upper_bound(checkpoints_.begin(), checkpoints_.end(), offset,
                       [](std::size_t at, const Checkpoint& point) { return at < point.form; });
  return static_cast<std::size_t>(after - checkpoints_.begin()) - 1;
}

const unicode::NormalizedText& FormText::PartMap(std::size_t part) const {
  for (const auto& known : recent_) {
    if (known != nullptr && known->index == part) return known->map;
  }
  const std::size_t begin = checkpoints_[part].original;
  const std::size_t end =
      part + 1 < checkpoints_.size() ? checkpoints_[part + 1].original : original_.size();
  std::swap(recent_[0], recent_[1]);
  recent_[0] =
      std::make_unique<Part>(Part{part, normalizer_.Apply(original_.substr(begin, end - begin))});
  return recent_[0]->map;
}

unicode::OriginalSpan FormText::Original(std::size_t begin, std::size_t end) const {
  const std::size_t first = FindPart(begin);
  const std::size_t last = FindPart(end - 1);
  const auto in_part = [&](std::size_t part, std::size_t from, std::size_t to) {
    const std::size_t form = checkpoints_[part].form;
    unicode::OriginalSpan span = PartMap(part).Original(from - form, to - form);
    span.begin += checkpoints_[part].original;
    span.end += checkpoints_[part].original;
    return span;
  };
  if (first == last) return in_part(first, begin, end);
  const unicode::OriginalSpan head = in_part(first, begin, checkpoints_[first + 1].form);
  const unicode::OriginalSpan tail = in_part(last, checkpoints_[last].form, end);
  return {head.begin, tail.end, head.whole && tail.whole};
}

}  // namespace countersign::text::matching
