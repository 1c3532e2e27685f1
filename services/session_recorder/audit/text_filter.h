#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/base/secret.h"

// Tells, without opening a session, that it does not have a text: a Bloom filter over the groups of
// three bytes in its texts, with ASCII letters in lower case. The hashes are keyed with the
// session's data key, so the filter says nothing to those who may not open the session, two filters
// cannot be compared, and it is worthless once that key is gone.
namespace countersign::session_recorder::audit {

// Collects the texts of one session. Memory: at most 16 bytes for each byte of them, and 8 MiB.
class TextFilterBuilder {
 public:
  void Add(absl::string_view text);
  // About a byte for each distinct group, 64 bytes to 64 KiB. One that rules nothing out when there
  // are more groups than fill the largest. REQUIRES: a data key of 32 bytes.
  std::string Build(const SecretString& data_key) const;

 private:
  void Insert(std::uint32_t group);
  void Grow();

  // The distinct groups: a hash table of a power of two places, at most half of them taken.
  std::vector<std::uint32_t> table_;
  std::size_t count_ = 0;
};

// What is looked for, prepared for many sessions.
class TextNeedle {
 public:
  explicit TextNeedle(absl::string_view text);

  // Whether a filter can rule a session out at all: for needles of three bytes or more.
  bool selective() const { return !blocks_.empty(); }
  // False: no text of the session has the needle. True: it may have it. Also true for a filter that
  // is none.
  bool MayBeIn(absl::string_view filter, const SecretString& data_key) const;

 private:
  std::string blocks_;  // of the distinct groups
};

}  // namespace countersign::session_recorder::audit
