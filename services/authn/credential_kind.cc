#include "services/authn/credential_kind.h"

#include <algorithm>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace countersign::authn {
namespace {

// A JWT's header is JSON, so its base64 begins with '{' followed by a quote, space or line break.
bool LooksLikeToken(absl::string_view text) {
  return (absl::StartsWith(text, "ey") || absl::StartsWith(text, "ew")) &&
         std::count(text.begin(), text.end(), '.') == 2;
}

bool LooksLikeAssertion(absl::string_view text) {
  std::string xml;
  if (!absl::StartsWith(text, "P") || !absl::WebSafeBase64Unescape(text, &xml)) return false;
  const absl::string_view head = absl::string_view(xml).substr(0, 4096);
  return absl::StartsWith(head, "<") &&
         (absl::StrContains(head, "Assertion") || absl::StrContains(head, "Response"));
}

}  // namespace

CredentialKind ClassifyCredential(const SecretString& credential) {
  const absl::string_view text = credential.Reveal();
  if (text.empty()) return CredentialKind::kNone;
  if (LooksLikeToken(text)) return CredentialKind::kToken;
  if (LooksLikeAssertion(text)) return CredentialKind::kSamlAssertion;
  return CredentialKind::kAccessKey;
}

}  // namespace countersign::authn
