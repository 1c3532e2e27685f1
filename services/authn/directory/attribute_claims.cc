#include "services/authn/directory/attribute_claims.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/authn/authn_errors.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn::directory {
namespace {

// Entra sends it in place of the groups.
constexpr char kGroupsLink[] = "http://schemas.microsoft.com/claims/groups.link";
constexpr char kNameIdFormat[] = "nameIdFormat";
constexpr char kContextClass[] = "authnContextClassRef";

absl::StatusOr<std::string> FindSubject(const saml::Assertion& assertion,
                                        const std::string& attribute) {
  if (attribute.empty()) {
    if (assertion.subject.format == saml::kTransientFormat) {
      return saml::Refuse(saml::reason::kSubject,
                          "the NameID is transient, which names nobody: let the provider send a "
                          "persistent one, or set the provider's subjectAttribute");
    }
    return assertion.subject.value;
  }
  const auto found = assertion.attributes.find(attribute);
  if (found == assertion.attributes.end() || found->second.size() != 1 ||
      found->second[0].empty()) {
    return saml::Refuse(saml::reason::kSubject,
                        absl::StrCat("the assertion does not have exactly one value of the "
                                     "provider's subjectAttribute, `",
                                     attribute, "`"));
  }
  return found->second[0];
}

std::string WriteClaims(const saml::Assertion& assertion) {
  json::Writer writer;
  writer.BeginObject();
  for (const auto& [name, values] : assertion.attributes) {
    if (name == kNameIdFormat || name == kContextClass) continue;
    writer.Key(name).BeginArray();
    for (const std::string& value : values) writer.String(value);
    writer.EndArray();
  }
  writer.Key(kNameIdFormat).String(assertion.subject.format);
  if (assertion.sign_in) writer.Key(kContextClass).String(assertion.sign_in->context_class);
  writer.EndObject();
  return writer.str();
}

}  // namespace

absl::StatusOr<jose::VerifiedToken> ClaimsOfAssertion(const saml::Assertion& assertion,
                                                      const std::string& subject_attribute) {
  if (assertion.attributes.count(kGroupsLink) != 0) return GroupsOverage();
  jose::VerifiedToken token;
  token.issuer = assertion.issuer;
  token.expires_at = assertion.expires_at;
  CS_ASSIGN_OR_RETURN(token.subject, FindSubject(assertion, subject_attribute));
  json::Limits limits;
  limits.max_bytes = 8 * saml::kMaxMessageBytes;  // Escapes may make it longer.
  auto claims = json::Document::Parse(WriteClaims(assertion), limits);
  if (!claims.ok()) {
    return saml::Refuse(saml::reason::kAttribute, "the assertion's attributes cannot be read");
  }
  token.payload = std::make_shared<const json::Document>(*std::move(claims));
  return token;
}

std::string DisplayableName(absl::string_view name) {
  const bool control =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); });
  return control || name.size() > kMaxNameBytes || !IsUtf8(name) ? "" : std::string(name);
}

}  // namespace countersign::authn::directory
