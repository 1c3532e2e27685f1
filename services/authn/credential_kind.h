#pragma once

#include "libs/base/secret.h"

namespace countersign::authn {

// What a caller may have sent as its credential.
enum class CredentialKind { kNone, kToken, kSamlAssertion, kAccessKey };

// The kind that `credential` looks like. Nothing is verified: a look only chooses who verifies it.
// kAccessKey for whatever looks like nothing else.
CredentialKind ClassifyCredential(const SecretString& credential);

}  // namespace countersign::authn
