#include "libs/text/matching/keyword_index.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace countersign::text::matching {
namespace {

constexpr std::size_t kKeyBytes[] = {1, 2, 3, 4, 8};

constexpr unsigned kLongClasses = 0x18;

std::size_t SizeClass(std::size_t size) { return size >= 8 ? 4 : size >= 4 ? 3 : size - 1; }

// The first `size` bytes as a number. REQUIRES: eight bytes can be read.
std::uint64_t LoadKey(const char* bytes, std::size_t size) {
  std::uint64_t key;
  std::memcpy(&key, bytes, sizeof key);
  return size == 8 ? key : key & ((std::uint64_t{1} << size * 8) - 1);
}

// Multiplies by the golden ratio, so that every byte affects the upper bits.
std::uint64_t Hash(std::uint64_t key) { return (key ^ key >> 31) * 0x9e3779b97f4a7c15u; }

// Eight bytes as a number with the same order. REQUIRES: eight bytes can be read.
std::uint64_t LoadTail(const char* bytes) {
  std::uint64_t tail;
  std::memcpy(&tail, bytes, sizeof tail);
  return __builtin_bswap64(tail);
}

int LogAtLeast(std::size_t count) {
  int log = 6;
  while ((std::size_t{1} << log) < count) ++log;
  return log;
}

}  // namespace

void KeywordIndex::Build(std::vector<std::string> keywords) {
  keywords_ = std::move(keywords);
  for (std::size_t i = 0; i < kClasses; ++i) classes_[i].key_bytes = kKeyBytes[i];
  for (std::uint32_t i = 0; i < keywords_.size(); ++i) {
    const std::size_t group = SizeClass(keywords_[i].size());
    classes_[group].slots.push_back({0, i, static_cast<std::uint32_t>(keywords_[i].size()), kNone});
    first_byte_[static_cast<unsigned char>(keywords_[i][0])] |=
        static_cast<std::uint8_t>(1u << group);
  }
  for (Class& group : classes_) BuildClass(group);
}

void KeywordIndex::BuildClass(Class& group) {
  const std::size_t count = group.slots.size();
  group.key_mask = ~std::uint64_t{0} >> (64 - group.key_bytes * 8);
  group.filter.resize(1);
  if (count == 0) return;
  std::sort(group.slots.begin(), group.slots.end(), [&](const Slot& a, const Slot& b) {
    return keywords_[a.keyword] < keywords_[b.keyword];
  });
  for (std::uint32_t i = 0; i < count; ++i) {
    Slot& slot = group.slots[i];
    const std::string& own = keywords_[slot.keyword];
    char bytes[8] = {};
    own.copy(bytes, sizeof bytes, group.key_bytes);
    slot.tail = LoadTail(bytes);
    // Prefixes of this string are the previous one or one of its prefixes.
    std::uint32_t candidate = i == 0 ? kNone : i - 1;
    while (candidate != kNone && own.rfind(keywords_[group.slots[candidate].keyword], 0) != 0) {
      candidate = group.slots[candidate].prefix;
    }
    slot.prefix = candidate;
  }
  const int log = LogAtLeast(count * 2);
  group.shift = 64 - log;
  group.buckets.resize(std::size_t{1} << log);
  const int filter_log = LogAtLeast(count * 16);
  group.filter_shift = 64 - filter_log;
  group.filter.assign((std::size_t{1} << filter_log) / 64, 0);
  for (std::uint32_t i = 0; i < count; ++i) {
    char bytes[8] = {};
    const std::string& keyword = keywords_[group.slots[i].keyword];
    keyword.copy(bytes, group.key_bytes);
    const std::uint64_t key = LoadKey(bytes, group.key_bytes);
    const std::uint64_t hash = Hash(key);
    const std::uint64_t bit = hash >> group.filter_shift;
    group.filter[bit / 64] |= std::uint64_t{1} << bit % 64;
    std::size_t at = hash >> group.shift;
    while (group.buckets[at].end != 0 && group.buckets[at].key != key) {
      at = (at + 1) & (group.buckets.size() - 1);
    }
    Bucket& bucket = group.buckets[at];
    if (bucket.end == 0) bucket = {key, i, i};
    bucket.end = i + 1;  // sorted, so that equal prefixes are adjacent
  }
}

// 1 if a string of the class may start with `bytes`, otherwise 0.
unsigned KeywordIndex::Passes(const Class& group, const char* bytes) {
  std::uint64_t key;
  std::memcpy(&key, bytes, sizeof key);
  const std::uint64_t bit = Hash(key & group.key_mask) >> group.filter_shift;
  return static_cast<unsigned>(group.filter[bit / 64] >> bit % 64 & 1);
}

void KeywordIndex::FindIn(const Class& group, std::uint64_t key, absl::string_view rest,
                          absl::FunctionRef<void(std::uint32_t keyword)> on_match) const {
  std::size_t at = Hash(key) >> group.shift;
  while (group.buckets[at].key != key || group.buckets[at].end == 0) {
    if (group.buckets[at].end == 0) return;
    at = (at + 1) & (group.buckets.size() - 1);
  }
  // The last string that is not greater than `rest`: all prefixes of `rest` are it or its prefixes.
  const std::uint64_t tail = LoadTail(rest.data() + group.key_bytes);
  const auto begin = group.slots.begin() + group.buckets[at].begin;
  const auto end = group.slots.begin() + group.buckets[at].end;
  const auto equal = std::lower_bound(
      begin, end, tail, [](const Slot& slot, std::uint64_t value) { return slot.tail < value; });
  auto above = equal;
  if (equal != end && equal->tail == tail) {
    above = std::upper_bound(equal, end, rest, [&](absl::string_view text, const Slot& slot) {
      return slot.tail != tail || text < absl::string_view(keywords_[slot.keyword]);
    });
  }
  if (above == begin) return;
  auto candidate = static_cast<std::uint32_t>(above - group.slots.begin() - 1);
  while (candidate != kNone) {
    const Slot& slot = group.slots[candidate];
    candidate = slot.prefix;
    // The tail decides nearly always; reading the string itself would be a cache miss.
    const std::size_t in_tail = std::min<std::size_t>(slot.size - group.key_bytes, 8);
    if (in_tail > 0 && (slot.tail ^ tail) >> (64 - 8 * in_tail) != 0) continue;
    if (rest.substr(0, slot.size) == keywords_[slot.keyword]) on_match(slot.keyword);
  }
}

void KeywordIndex::Find(
    const FormText& text,
    absl::FunctionRef<void(std::uint32_t keyword, std::size_t begin)> on_match) const {
  const absl::string_view form = text.text();
  const std::vector<std::uint64_t>& starts = text.starts();
  for (std::size_t i = 0; i < starts.size(); ++i) {
    for (std::uint64_t word = starts[i]; word != 0; word &= word - 1) {
      const std::size_t begin = i * 64 + static_cast<std::size_t>(__builtin_ctzll(word));
      const char* const bytes = form.data() + begin;
      unsigned classes = first_byte_[static_cast<unsigned char>(*bytes)];
      if ((classes & kLongClasses) == classes) {
        // Computed without branches, because the outcomes cannot be predicted.
        classes &= (Passes(classes_[3], bytes) << 3 | Passes(classes_[4], bytes) << 4);
      }
      for (; classes != 0; classes &= classes - 1) {
        const Class& group = classes_[__builtin_ctz(classes)];
        if (Passes(group, bytes) == 0) continue;
        FindIn(group, LoadKey(bytes, group.key_bytes), form.substr(begin),
               [&](std::uint32_t keyword) { on_match(keyword, begin); });
      }
    }
  }
}

}  // namespace countersign::text::matching
