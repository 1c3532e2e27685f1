#pragma once

#include "absl/strings/string_view.h"
#include "libs/domain/resources.h"
#include "libs/jose/jwt.h"

// Whether a verified token is a person's. Issuers give the same kind of token to programs, and a
// program that is in the right group must not approve a call.
namespace countersign::authn::directory {

// True when the token carries a mark by which an issuer or the standards say that a program holds
// it: its subject is its client (RFC 9068, section 2.2), a client-credentials grant (Auth0, Entra,
// Keycloak), a service account (Google, Kubernetes), a workload (GitHub, GitLab, SPIFFE …). False
// says nothing: many programs' tokens carry no mark.
bool IsMarkedAsProgram(const jose::VerifiedToken& token);

// True when somebody acts for the token's subject (`act`, RFC 8693, section 4.1): the subject
// itself has not signed in for this.
bool IsDelegated(const jose::VerifiedToken& token);

// True when the token proves, in the way that `profile` knows, that a person signed in. Always
// false for a token that is marked as a program's or delegated, and for a profile that knows no
// such proof.
bool ProvesPerson(domain::OidcProfile profile, const jose::VerifiedToken& token);

}  // namespace countersign::authn::directory
