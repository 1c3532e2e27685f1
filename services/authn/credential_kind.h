#pragma once

#include "libs/base/secret.h"

namespace countersign::authn {

// The kinds of credential that a caller may send.
enum class CredentialKind { kNone, kToken, kSamlAssertion, kAccessKey };

// The kind that `credential` looks like; this only chooses which verifier runs. kAccessKey when it
// looks like none of the others.
CredentialKind ClassifyCredential(const SecretString& credential);

}  // namespace countersign::authn
