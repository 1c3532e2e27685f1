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

// What a leased credential looks like where an upstream repeats it: the secret itself, and within
// base64 (wherever it begins in the encoded bytes), hexadecimal, percent, JSON and HTML escapes. A
// secret is the value of a leased header without its scheme; of Basic, the password too. Upper and
// lower case are the same. Secrets of fewer than six bytes are words that any answer may hold, and
// are not looked for. Immutable; thread-safe.
class CredentialPatterns {
 public:
  static constexpr std::size_t kShortestSecret = 6;

  CredentialPatterns() = default;  // of no credential
  explicit CredentialPatterns(const domain::CredentialLease& lease);

  bool empty() const { return patterns_.empty(); }

  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // The first match that ends after `from`; of those that begin together, the longest.
  std::optional<Match> Find(absl::string_view text, std::size_t from = 0) const;

  // How many bytes at the end of `text` may be the beginning of a match, if at least `shortest`
  // are; else 0.
  std::size_t OpenEnd(absl::string_view text, std::size_t shortest) const;

  // Overwrites every match with asterisks. True when there was one.
  bool Overwrite(std::string& bytes) const;

 private:
  void AddSecret(absl::string_view secret);
  void AddPattern(std::string pattern);

  std::vector<SecretString> patterns_;  // in lower case, the longest first
  std::size_t longest_ = 0;
  std::bitset<1u << 16> starts_;  // the first two bytes of each
};

}  // namespace countersign::edge::call::answer
