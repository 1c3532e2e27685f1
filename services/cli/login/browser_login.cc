#include "services/cli/login/browser_login.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/text/url_form.h"
#include "libs/crypto/hash.h"
#include "services/cli/login/loopback_redirect.h"

namespace countersign::cli::login {
namespace {

constexpr absl::Duration kWait = absl::Minutes(5);

// The code of the provider's answer, once it is known to belong to this sign-in.
absl::StatusOr<std::string> ReadCode(absl::string_view query, const std::string& state,
                                     const std::string& issuer) {
  auto decoded = DecodeUrlForm(query);
  if (!decoded.ok()) return absl::UnauthenticatedError("the provider's answer cannot be read");
  std::map<std::string, std::string>& members = *decoded;
  if (!crypto::ConstantTimeEquals(members["state"], state)) {
    return absl::UnauthenticatedError("the answer belongs to another sign-in; log in again");
  }
  // RFC 9207: the answer of a provider that was mixed up with this one.
  if (members.count("iss") != 0 && members["iss"] != issuer) {
    return absl::UnauthenticatedError(
        absl::StrCat("the answer is of ", members["iss"], ", not of ", issuer));
  }
  if (!members["error"].empty()) {
    return absl::UnauthenticatedError(absl::StrCat("the provider refuses: ", members["error"],
                                                   members["error_description"].empty() ? "" : ": ",
                                                   members["error_description"]));
  }
  if (members["code"].empty()) return absl::UnauthenticatedError("the answer has no code");
  return members["code"];
}

}  // namespace

absl::StatusOr<GrantedTokens> LogInByBrowser(LoginSession& session, const LoginProvider& provider,
                                             const ProviderEndpoints& endpoints) {
  if (endpoints.authorization.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("provider ", provider.name, " has no page to log in at; leave out --browser"));
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<LoopbackRedirect> redirect, LoopbackRedirect::Listen());
  const std::string state = Base64UrlEncode(session.random.Bytes(32));
  const std::string verifier = Base64UrlEncode(session.random.Bytes(32));
  const std::string url = absl::StrCat(
      endpoints.authorization, absl::StrContains(endpoints.authorization, '?') ? "&" : "?",
      EncodeUrlForm({{"response_type", "code"},
                     {"client_id", provider.client_id},
                     {"redirect_uri", redirect->uri()},
                     {"scope", absl::StrJoin(provider.scopes, " ")},
                     {"state", state},
                     {"code_challenge", Base64UrlEncode(crypto::Sha256(verifier))},
                     {"code_challenge_method", "S256"}}));
  session.err << "Log in at\n  " << url << "\nWaiting for you there …\n" << std::flush;
  session.open_browser(url);
  CS_ASSIGN_OR_RETURN(const std::string query, redirect->AwaitQuery(kWait));
  CS_ASSIGN_OR_RETURN(const std::string code, ReadCode(query, state, provider.issuer));
  return RequestGrant(session.call, endpoints.token,
                      {{"grant_type", "authorization_code"},
                       {"code", code},
                       {"redirect_uri", redirect->uri()},
                       {"client_id", provider.client_id},
                       {"code_verifier", verifier}},
                      provider.use_id_token, session.clock.Now());
}

}  // namespace countersign::cli::login
