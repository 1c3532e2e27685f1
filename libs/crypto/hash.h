#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

// Hashes and keyed hashes (OpenSSL 3). Results are raw bytes. All functions are thread-safe and
// cannot fail.
namespace countersign::crypto {

std::string Sha256(absl::string_view data);

// SHA-256 of the added pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void Add(absl::string_view data);
  std::string Digest() const;  // of the pieces so far; more may be added

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string HmacSha256(absl::string_view key, absl::string_view data);

// HKDF-SHA-256 (RFC 5869) with an empty salt: `length` bytes (at most 255 * 32) for purpose `info`.
std::string HkdfSha256(absl::string_view key, absl::string_view info, std::size_t length);

// Compares in a time that depends on the lengths only.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

}  // namespace countersign::crypto
