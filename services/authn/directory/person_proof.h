#pragma once

#include "absl/strings/string_view.h"
#include "libs/domain/resources.h"
#include "libs/jose/jwt.h"

// Decides whether a person holds a verified token. Issuers give the same kind of token to programs,
// and a program in the right group must not approve a call.
namespace countersign::authn::directory {

// True when the token has a mark by which issuers or standards identify programs: its subject is
// its client (RFC 9068, section 2.2), a client-credentials grant (Auth0, Entra, Keycloak), a
// service account (Google, Kubernetes), a workload (GitHub, GitLab, SPIFFE …). False proves
// nothing: many programs' tokens have no mark.
bool IsMarkedAsProgram(const jose::VerifiedToken& token);

// True when an actor uses the token for its subject (`act`, RFC 8693, section 4.1): the subject
// itself has not signed in.
bool IsDelegated(const jose::VerifiedToken& token);

// True when the token proves, as `profile` defines, that a person signed in. Always false for a
// token that is marked as a program's or delegated, and for a profile that defines no such proof.
bool ProvesPerson(domain::OidcProfile profile, const jose::VerifiedToken& token);

}  // namespace countersign::authn::directory
