#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "libs/text/matching/form_text.h"

namespace countersign::text::matching {

// Finds any of many strings at word starts. Designed for hundreds of thousands of strings: at each
// word start one or two bits of a filter exclude nearly all of them, a hash table of the first
// eight (or four) bytes most of the rest, and a binary search among strings with equal prefixes
// decides. Except for that search, time is linear in the text whatever the strings are. Immutable
// once built; thread-safe.
class KeywordIndex {
 public:
  // REQUIRES: not empty, without duplicates. A string is identified by its index in this list.
  void Build(std::vector<std::string> keywords);

  // Calls `on_match(keyword, begin)` for every keyword at every word start of `text`, by ascending
  // `begin`.
  void Find(const FormText& text,
            absl::FunctionRef<void(std::uint32_t keyword, std::size_t begin)> on_match) const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;

  struct Bucket {
    std::uint64_t key = 0;
    std::uint32_t begin = 0;  // into the class's slots; begin == end: unused
    std::uint32_t end = 0;
  };
  struct Slot {
    std::uint64_t tail = 0;  // the eight bytes after the key, big-endian, padded with zeros
    std::uint32_t keyword = 0;
    std::uint32_t size = 0;
    std::uint32_t prefix =
        kNone;  // the slot of the longest other string that is a prefix of this one
  };
  // The strings of one range of lengths, indexed by their first bytes.
  struct Class {
    std::size_t key_bytes = 0;
    std::uint64_t key_mask = 0;
    std::vector<Slot> slots;            // sorted by string
    std::vector<std::uint64_t> filter;  // bits by hash
    std::vector<Bucket> buckets;        // open addressing; a power of two
    int shift = 0;                      // of a hash to a bucket
    int filter_shift = 63;              // of a hash to a bit
  };
  static constexpr std::size_t kClasses = 5;

  static unsigned Passes(const Class& group, const char* bytes);
  void BuildClass(Class& group);
  // REQUIRES: `rest` starts with `key`; 16 bytes can be read from its start.
  void FindIn(const Class& group, std::uint64_t key, absl::string_view rest,
              absl::FunctionRef<void(std::uint32_t keyword)> on_match) const;

  std::vector<std::string> keywords_;
  Class classes_[kClasses];            // of 1, 2, 3, 4 to 7, 8 and more bytes
  std::uint8_t first_byte_[256] = {};  // bit set of the classes with strings that start with it
};

}  // namespace countersign::text::matching
