#include "services/cli/login/device_login.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "services/cli/output/output.h"

namespace countersign::cli::login {
namespace {

// RFC 8628 §3.2 and §3.5: the interval when the answer has none, and what slow_down adds.
constexpr absl::Duration kDefaultInterval = absl::Seconds(5);
// However long a code is said to live.
constexpr absl::Duration kLongestWait = absl::Minutes(30);

struct DeviceCode {
  std::string code;
  absl::Duration interval;
  absl::Time expires_at;
};

void TellUser(const LoginSession& session, json::Value answer) {
  const absl::string_view whole = answer["verification_uri_complete"].text();
  session.err << "Open " << output::Printable(answer["verification_uri"].text())
              << " and enter the code " << output::Printable(answer["user_code"].text());
  if (!whole.empty()) session.err << ",\nor open " << output::Printable(whole);
  session.err << "\nWaiting for you there …\n" << std::flush;
}

absl::StatusOr<DeviceCode> RequestCode(LoginSession& session, const LoginProvider& provider,
                                       const std::string& endpoint) {
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      PostForm(session.call, endpoint,
                               {{"client_id", provider.client_id},
                                {"scope", absl::StrJoin(provider.scopes, " ")}}));
  const json::Value root = answer.root();
  DeviceCode code;
  code.code = std::string(root["device_code"].text());
  if (code.code.empty() || root["verification_uri"].text().empty()) {
    return absl::UnavailableError(absl::StrCat(endpoint, " gives no device code"));
  }
  const std::int64_t interval = root["interval"].integer().value_or(0);
  code.interval = interval > 0 ? absl::Seconds(interval) : kDefaultInterval;
  const std::int64_t lifetime = root["expires_in"].integer().value_or(0);
  code.expires_at = session.clock.Now() +
                    std::min(kLongestWait, lifetime > 0 ? absl::Seconds(lifetime) : kLongestWait);
  TellUser(session, root);
  return code;
}

}  // namespace

absl::StatusOr<GrantedTokens> LogInByDevice(LoginSession& session, const LoginProvider& provider,
                                            const ProviderEndpoints& endpoints) {
  if (endpoints.device_authorization.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "provider ", provider.name, " has no device flow; use --browser on a machine with one"));
  }
  CS_ASSIGN_OR_RETURN(DeviceCode code,
                      RequestCode(session, provider, endpoints.device_authorization));
  while (session.clock.Now() < code.expires_at) {
    session.sleep(code.interval);
    auto granted = RequestGrant(session.call, endpoints.token,
                                {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                 {"device_code", code.code},
                                 {"client_id", provider.client_id}},
                                provider.use_id_token, session.clock.Now());
    const std::string reason = GetReason(granted.status());
    if (reason == "slow_down") code.interval += kDefaultInterval;
    // A connection that broke is no answer either (RFC 8628 §3.5).
    const bool again = reason == "slow_down" || reason == "authorization_pending" ||
                       absl::IsUnavailable(granted.status()) ||
                       absl::IsDeadlineExceeded(granted.status());
    if (!again) return granted;
  }
  return absl::UnauthenticatedError("the code has expired; log in again");
}

}  // namespace countersign::cli::login
