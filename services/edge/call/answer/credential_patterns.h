#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/domain/authenticator.h"

namespace countersign::edge::call::answer {

// The forms of a leased credential that an upstream may repeat: the secret itself, and within
// base64 (at any offset of the encoded bytes) and hexadecimal; any bytes of these in percent, JSON
// and HTML escapes. JSON may be in strings of JSON, which escapes its backslashes again. A secret
// is the value of a leased header without its scheme; of Basic, the password too. Matching
// ignores case. Secrets of fewer than six bytes could be ordinary words, and are not masked.
// Immutable; thread-safe.
class CredentialPatterns {
 public:
  static constexpr std::size_t kShortestSecret = 6;

  CredentialPatterns() = default;  // without credential
  explicit CredentialPatterns(const domain::CredentialLease& lease);

  bool empty() const { return patterns_.empty(); }

  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // The first match that begins at `from` or later; the longest of those with the same begin.
  std::optional<Match> Find(absl::string_view text, std::size_t from = 0) const;

  // The end of a text that may begin a match.
  struct OpenEnd {
    std::size_t size = 0;      // in the text
    std::size_t of_match = 0;  // the bytes of the match that it spells
  };
  // The longest open end of `text`. Of a longer match than each byte in an escape of 16 backslashes
  // gives, it may miss the beginning: those are of JSON in strings of JSON four times.
  OpenEnd FindOpenEnd(absl::string_view text) const;

  // Overwrites every match with asterisks. True when there was one.
  bool Overwrite(std::string& bytes) const;

 private:
  void AddSecret(absl::string_view secret);
  void AddPattern(std::string pattern);
  bool MayBegin(absl::string_view text, std::size_t at) const;

  static constexpr std::size_t kLongestSpelling = 16 + sizeof("u002d") - 1;  // of a byte

  std::vector<SecretString> patterns_;  // in lower case, the longest first
  std::size_t longest_ = 0;
  // Of the first two bytes of each, the second perhaps in an escape; every stream has this set.
  std::bitset<1u << 12> starts_;
  std::bitset<1u << 8> firsts_;  // of the first byte of each, in either case, perhaps in an escape
};

}  // namespace countersign::edge::call::answer
