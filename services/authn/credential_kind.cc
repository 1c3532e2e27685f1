#include "services/authn/credential_kind.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "services/authn/assertions/assertion_text.h"

namespace countersign::authn {
namespace {

// A JWT's header is JSON, so its base64 begins with '{' followed by a quote, space or line break.
bool LooksLikeToken(absl::string_view text) {
  return (absl::StartsWith(text, "ey") || absl::StartsWith(text, "ew")) &&
         std::count(text.begin(), text.end(), '.') == 2;
}

}  // namespace

CredentialKind ClassifyCredential(const SecretString& credential) {
  const absl::string_view text = credential.Reveal();
  if (text.empty()) return CredentialKind::kNone;
  if (LooksLikeToken(text)) return CredentialKind::kToken;
  if (assertions::LooksLikeAssertion(text)) return CredentialKind::kSamlAssertion;
  return CredentialKind::kAccessKey;
}

}  // namespace countersign::authn
