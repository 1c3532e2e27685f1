#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/call.h"

namespace countersign::domain {

// Turns the values of a Credential into something that policy can store and cannot open. authn
// implements it over its vault; in the six-process shape a client of its RPC does. Thread-safe.
class CredentialSealer {
 public:
  virtual ~CredentialSealer() = default;

  // Answers printable text that only authn can open. `name`, the Credential resource's, is bound
  // into it. `spec` is the resource's spec as JSON with its values resolved; INVALID_ARGUMENT when
  // it is none that authn can lease from.
  //
  // `previous` is the sealed text stored under the same name now, or empty. When it holds exactly
  // `spec` it is answered as it is: so an apply that changes nothing is seen to change nothing,
  // although no digest of the secret is stored anywhere.
  virtual void Seal(const std::string& name, const SecretString& spec, const std::string& previous,
                    absl::Time deadline, Done<std::string> done) = 0;
};

}  // namespace countersign::domain
