#include "services/authn/assertions/assertion_text.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "services/authn/saml/saml_names.h"
#include "services/authn/saml/xml_document.h"

namespace countersign::authn::assertions {
namespace {

constexpr std::size_t kHead = 5460;  // base64 of 4,095 bytes

// Decodes base64url; `text` may have the characters of base64 instead.
bool Decode(absl::string_view text, std::string* out) {
  std::string url(text);
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  return absl::WebSafeBase64Unescape(url, out);
}

}  // namespace

bool LooksLikeAssertion(absl::string_view text) {
  // '<' alone begins with P in base64.
  if (!absl::StartsWith(text, "P")) return false;
  std::string head;
  if (!Decode(text.substr(0, kHead), &head) || !absl::StartsWith(head, "<")) return false;
  return absl::StrContains(head, "Assertion") || absl::StrContains(head, "Response");
}

absl::StatusOr<std::string> DecodeAssertion(absl::string_view text) {
  std::string xml;
  if (!Decode(text, &xml)) {
    return saml::Refuse(saml::reason::kMalformed,
                        "the assertion is neither base64url nor base64 of XML");
  }
  return xml;
}

}  // namespace countersign::authn::assertions
