#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/call.h"

namespace countersign::domain {

// Seals the values of a Credential so that policy can store but not open them. Implemented by
// authn's vault and by a gRPC client of it. Thread-safe.
class CredentialSealer {
 public:
  virtual ~CredentialSealer() = default;

  // Returns printable text that only authn can open. `name`, the Credential's name, is
  // authenticated with it. `spec` is the resource's spec as JSON with its values resolved;
  // INVALID_ARGUMENT when authn could not lease it.
  //
  // `previous` is the sealed text that is stored under this name now, or empty. If it contains
  // exactly `spec` it is returned unchanged, so that an apply without changes changes nothing,
  // although no digest of the secret is stored.
  virtual void Seal(const std::string& name, const SecretString& spec, const std::string& previous,
                    absl::Time deadline, Done<std::string> done) = 0;
};

}  // namespace countersign::domain
