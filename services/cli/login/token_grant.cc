#include "services/cli/login/token_grant.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/text/url_form.h"
#include "libs/json/document.h"

namespace countersign::cli::login {
namespace {

// Where an answer does not say when its token expires, it is used for this long.
constexpr absl::Duration kUnknownLifetime = absl::Minutes(5);

// The `exp` of a token that the gateway will verify; this side only wants to know when to renew it.
absl::Time ReadExpiry(absl::string_view token, absl::Time fallback) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return fallback;
  const auto payload = Base64UrlDecode(parts[1]);
  if (!payload.ok()) return fallback;
  const auto claims = json::Document::Parse(*payload);
  const auto expiry = claims.ok() ? claims->root()["exp"].number() : std::nullopt;
  return expiry ? absl::FromUnixSeconds(static_cast<std::int64_t>(*expiry)) : fallback;
}

}  // namespace

absl::StatusOr<json::Document> PostForm(const HttpCall& call, const std::string& endpoint,
                                        const FormMembers& form) {
  http::FetchRequest request;
  request.url = endpoint;
  request.method = "POST";
  request.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  request.headers.emplace_back("accept", "application/json");
  request.body = EncodeUrlForm(form);
  request.timeout = absl::Seconds(30);
  CS_ASSIGN_OR_RETURN(const http::FetchResponse answer, call(std::move(request)));
  auto document = json::Document::Parse(answer.body);
  if (answer.status == 200) {
    if (!document.ok()) return Annotate(document.status(), endpoint);
    return document;
  }
  const json::Value error = document.ok() ? document->root()["error"] : json::Value();
  if (!error.is(json::Type::kString)) {
    return absl::UnavailableError(absl::StrCat(endpoint, " answers HTTP ", answer.status));
  }
  const absl::string_view why = document->root()["error_description"].text();
  return WithReason(absl::UnauthenticatedError(absl::StrCat("the provider refuses: ", error.text(),
                                                            why.empty() ? "" : ": ", why)),
                    error.text());
}

absl::StatusOr<GrantedTokens> RequestGrant(const HttpCall& call, const std::string& endpoint,
                                           const FormMembers& form, bool use_id_token,
                                           absl::Time now) {
  CS_ASSIGN_OR_RETURN(const json::Document answer, PostForm(call, endpoint, form));
  const json::Value root = answer.root();
  const absl::string_view token = root[use_id_token ? "id_token" : "access_token"].text();
  if (token.empty()) {
    return absl::FailedPreconditionError(
        use_id_token ? "the provider gives no ID token: add openid to the login's scopes"
                     : "the provider gives no access token");
  }
  GrantedTokens granted;
  granted.token = SecretString(std::string(token));
  granted.refresh_token = SecretString(std::string(root["refresh_token"].text()));
  const std::int64_t seconds = root["expires_in"].integer().value_or(0);
  granted.expires_at =
      ReadExpiry(token, now + (seconds > 0 ? absl::Seconds(seconds) : kUnknownLifetime));
  return granted;
}

}  // namespace countersign::cli::login
