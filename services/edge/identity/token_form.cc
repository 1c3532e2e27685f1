#include "services/edge/identity/token_form.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/base/text/url_form.h"
#include "libs/json/writer.h"

namespace countersign::edge::identity {
namespace {

constexpr absl::string_view kGrant = "urn:ietf:params:oauth:grant-type:";
constexpr absl::string_view kType = "urn:ietf:params:oauth:token-type:";
constexpr absl::string_view kAudience = "countersign";

using Members = std::map<std::string, std::string>;

absl::Status Refuse(absl::string_view error, absl::string_view message) {
  return WithReason(absl::InvalidArgumentError(message), error);
}

absl::StatusOr<Members> ReadMembers(absl::string_view body) {
  auto members = DecodeUrlForm(body);
  if (!members.ok()) return Refuse("invalid_request", members.status().message());
  return members;
}

std::string Take(Members& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? "" : std::move(found->second);
}

absl::StatusOr<domain::CredentialType> ReadType(const std::string& member, absl::string_view text) {
  if (absl::ConsumePrefix(&text, kType)) {
    if (text == "access_token") return domain::CredentialType::kKeyOrToken;
    if (text == "jwt" || text == "id_token") return domain::CredentialType::kToken;
    if (text == "saml2") return domain::CredentialType::kAssertion;
  }
  return Refuse("invalid_request",
                absl::StrCat(member, " must be ", kType, "access_token, jwt, id_token or saml2"));
}

absl::Status CheckTarget(Members& members) {
  const std::string audience = Take(members, "audience");
  if (!Take(members, "resource").empty() || (!audience.empty() && audience != kAudience)) {
    return Refuse("invalid_target",
                  "tokens are for this gateway alone: leave resource out, and "
                  "audience out or countersign");
  }
  if (!Take(members, "scope").empty()) {
    return Refuse("invalid_scope", "tokens have no scopes: roles are those of the RoleBindings");
  }
  return absl::OkStatus();
}

absl::Status ReadExchange(Members& members, TokenForm& form) {
  // RFC 8693, section 2.2.2.
  form.refusal = "invalid_request";
  const std::string wanted = Take(members, "requested_token_type");
  if (!wanted.empty() && wanted != absl::StrCat(kType, "access_token") &&
      wanted != absl::StrCat(kType, "jwt")) {
    return Refuse("invalid_request", "requested_token_type can only be access_token or jwt");
  }
  form.request.subject = SecretString(Take(members, "subject_token"));
  if (form.request.subject.empty()) return Refuse("invalid_request", "subject_token is missing");
  CS_ASSIGN_OR_RETURN(form.request.subject_type,
                      ReadType("subject_token_type", Take(members, "subject_token_type")));
  form.request.actor = SecretString(Take(members, "actor_token"));
  const std::string actor_type = Take(members, "actor_token_type");
  if (form.request.actor.empty() != actor_type.empty()) {
    return Refuse("invalid_request", "actor_token and actor_token_type belong together");
  }
  if (actor_type.empty()) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(form.request.actor_type, ReadType("actor_token_type", actor_type));
  return absl::OkStatus();
}

absl::Status ReadAssertion(Members& members, domain::CredentialType type, TokenForm& form) {
  form.request.subject = SecretString(Take(members, "assertion"));
  form.request.subject_type = type;
  if (form.request.subject.empty()) return Refuse("invalid_request", "assertion is missing");
  return absl::OkStatus();
}

// RFC 6749, section 5.2: printable ASCII without '"' and '\'.
std::string Describable(absl::string_view message) {
  std::string out(message);
  for (char& c : out) {
    if (c == '"' || c == '`') c = '\'';
    if (!absl::ascii_isprint(static_cast<unsigned char>(c)) || c == '\\') c = '?';
  }
  return out;
}

}  // namespace

absl::StatusOr<TokenForm> ReadTokenForm(absl::string_view body) {
  CS_ASSIGN_OR_RETURN(Members members, ReadMembers(body));
  const std::string grant_type = Take(members, "grant_type");
  absl::string_view grant = grant_type;
  TokenForm form;
  CS_RETURN_IF_ERROR(CheckTarget(members));
  if (grant.empty()) return Refuse("invalid_request", "grant_type is missing");
  const bool known = absl::ConsumePrefix(&grant, kGrant);
  if (known && grant == "token-exchange") {
    CS_RETURN_IF_ERROR(ReadExchange(members, form));
  } else if (known && grant == "saml2-bearer") {
    CS_RETURN_IF_ERROR(ReadAssertion(members, domain::CredentialType::kAssertion, form));
  } else if (known && grant == "jwt-bearer") {
    CS_RETURN_IF_ERROR(ReadAssertion(members, domain::CredentialType::kToken, form));
  } else {
    return Refuse(
        "unsupported_grant_type",
        absl::StrCat("grant_type must be ", kGrant, "token-exchange, saml2-bearer or jwt-bearer"));
  }
  return form;
}

TokenError MakeTokenError(const absl::Status& status, absl::string_view refusal) {
  std::string error;
  std::string reason = GetReason(status);
  std::string message(status.message());
  TokenError out;
  if (absl::IsUnauthenticated(status)) {
    error = std::string(refusal);
  } else if (absl::IsInvalidArgument(status)) {
    error = "invalid_request";
    for (const char* code :
         {"invalid_target", "invalid_scope", "unsupported_grant_type", "invalid_request"}) {
      if (reason == code) error = std::exchange(reason, "");
    }
  } else {
    // Other messages may name addresses.
    error = "temporarily_unavailable";
    message = "the token cannot be issued now: try again";
    out.http_status = absl::IsResourceExhausted(status) ? 429 : 503;
  }
  json::Writer writer;
  writer.BeginObject().Key("error").String(error);
  writer.Key("error_description").String(Describable(message));
  if (!reason.empty()) writer.Key("reason").String(reason);
  writer.EndObject();
  out.body = writer.str();
  return out;
}

std::string TokenToJson(const domain::IssuedToken& token, absl::Time now) {
  json::Writer writer;
  writer.BeginObject().Key("access_token").String(token.token.Reveal());
  writer.Key("issued_token_type").String(absl::StrCat(kType, "access_token"));
  writer.Key("token_type").String("Bearer");
  writer.Key("expires_in").Int(absl::ToInt64Seconds(token.expires_at - now)).EndObject();
  return writer.str();
}

}  // namespace countersign::edge::identity
