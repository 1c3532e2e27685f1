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
// base64 (at any offset of the encoded bytes), hexadecimal, percent, JSON and HTML escapes. A
// secret is the value of a leased header without its scheme; of Basic, the password too. Matching
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

  // The first match that ends after `from`; the longest of those with the same begin.
  std::optional<Match> Find(absl::string_view text, std::size_t from = 0) const;

  // The number of bytes at the end of `text` that may begin a match.
  std::size_t OpenEnd(absl::string_view text) const;

  // Overwrites every match with asterisks. True when there was one.
  bool Overwrite(std::string& bytes) const;

 private:
  void AddSecret(absl::string_view secret);
  void AddPattern(std::string pattern);

  std::vector<SecretString> patterns_;  // in lower case, the longest first
  std::size_t longest_ = 0;
  std::bitset<1u << 12> starts_;  // of the first two bytes of each; every stream has this set
  std::bitset<1u << 8> firsts_;   // of the first byte of each, in lower case
};

}  // namespace countersign::edge::call::answer
