#include "services/cli/login/login_verbs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/base/status.h"
#include "services/cli/invocation.h"
#include "services/cli/login/browser_login.h"
#include "services/cli/login/device_login.h"
#include "services/cli/login/login_provider.h"
#include "services/cli/login/login_session.h"
#include "services/cli/login/saved_login.h"
#include "services/cli/user_files.h"

namespace countersign::cli::login {
namespace {

struct LoginOptions {
  std::string provider;
  bool browser = false;
};

// Starts the user's browser and does not wait for it. The URL is an argument, never part of a
// command line.
void OpenBrowser(const std::string& url) {
  const std::string chosen = Environment("BROWSER");
  const std::string program = chosen.empty() ? "xdg-open" : chosen;
  const pid_t child = fork();
  if (child != 0) {
    if (child > 0) waitpid(child, nullptr, 0);
    return;
  }
  // A grandchild has no parent that must wait for it.
  if (fork() != 0) _exit(0);
  if (freopen("/dev/null", "w", stdout) == nullptr ||
      freopen("/dev/null", "w", stderr) == nullptr) {
    _exit(1);
  }
  execlp(program.c_str(), program.c_str(), url.c_str(), nullptr);
  _exit(1);
}

// What the gateway takes the user for now. A login that it refuses is not kept.
absl::Status ShowCaller(const Invocation& invocation, const GatewayAddress& address,
                        const SavedLogin& login) {
  GatewayAddress signed_in = address;
  signed_in.token = login.tokens.token;
  const std::unique_ptr<GatewayClient> gateway = invocation.connector(std::move(signed_in));
  const auto caller = gateway->Call("authn.v1.IdentityService/WhoAmI", "{}");
  if (!caller.ok()) {
    CS_RETURN_IF_ERROR(RemoveLogin(address.url).status());
    return Annotate(caller.status(),
                    absl::StrCat("the gateway refuses the token of ", login.provider));
  }
  const json::Value root = caller->root();
  PrintObject(invocation, root, [&] {
    const absl::string_view name = root["name"].text();
    std::string who(name.empty() ? root["subject"].text() : name);
    if (!root["identity"].text().empty()) who = std::string(root["identity"].text());
    std::string roles;
    for (std::size_t i = 0; i < root["roles"].size(); ++i) {
      absl::StrAppend(&roles, roles.empty() ? "" : ", ", root["roles"].at(i)["role"].text());
    }
    invocation.out << "logged in at " << address.url << " as " << output::Printable(who) << " ("
                   << (roles.empty() ? "no roles" : output::Printable(roles)) << ")\n";
  });
  return absl::OkStatus();
}

// A credential that is given otherwise is used instead, which would surprise.
void WarnOfOtherCredential(const Invocation& invocation, const GatewayAddress& address) {
  if (address.token.empty() || address.from_login) return;
  invocation.err << "countersign: this login is not used while "
                 << (Environment("COUNTERSIGN_TOKEN").empty()
                         ? "the context in the config file has a token\n"
                         : "COUNTERSIGN_TOKEN is set\n");
}

absl::Status LogIn(const Invocation& invocation, const LoginOptions& options) {
  CS_ASSIGN_OR_RETURN(const GatewayAddress address, invocation.FindGateway());
  const SystemClock clock;
  SystemRandom random;
  LoginSession session{
      MakeHttpCall(address.ca_file), clock, random, invocation.err, absl::SleepFor, OpenBrowser};
  CS_ASSIGN_OR_RETURN(auto providers, ListLoginProviders(session.call, address.url));
  CS_ASSIGN_OR_RETURN(const LoginProvider provider,
                      ChooseProvider(std::move(providers), options.provider));
  CS_ASSIGN_OR_RETURN(const ProviderEndpoints endpoints,
                      DiscoverEndpoints(session.call, provider.issuer));
  SavedLogin login{provider.name,   provider.issuer,       provider.client_id,
                   endpoints.token, provider.use_id_token, {}};
  if (options.browser) {
    CS_ASSIGN_OR_RETURN(login.tokens, LogInByBrowser(session, provider, endpoints));
  } else {
    CS_ASSIGN_OR_RETURN(login.tokens, LogInByDevice(session, provider, endpoints));
  }
  CS_RETURN_IF_ERROR(WriteLogin(address.url, login));
  WarnOfOtherCredential(invocation, address);
  return ShowCaller(invocation, address, login);
}

absl::Status LogOut(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const GatewayAddress address, invocation.FindGateway());
  CS_ASSIGN_OR_RETURN(const bool removed, RemoveLogin(address.url));
  invocation.out << (removed ? "logged out of " : "there is no login at ") << address.url << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddLoginVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* const log_in = app.add_subcommand(
      "login", "Sign in at an identity provider; later commands use the login, and renew it");
  const auto options = std::make_shared<LoginOptions>();
  log_in->add_option("--issuer", options->provider,
                     "An IdentityProvider with oidc.login; may be left out when there is one");
  log_in->add_flag("--browser", options->browser,
                   "In a browser on this machine; without it, with a code on any device");
  log_in->footer(
      "Examples:\n"
      "  countersign login\n"
      "  countersign login --issuer corp --browser\n"
      "  countersign --addr https://gateway.example login --issuer corp");
  log_in->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return LogIn(invocation, *options); };
  });
  CLI::App* const log_out =
      app.add_subcommand("logout", "Forget the login at a gateway; the provider's session goes on");
  log_out->footer("Examples:\n  countersign logout\n  countersign --context prod logout");
  log_out->callback(
      [&invocation] { invocation.action = [&invocation] { return LogOut(invocation); }; });
}

}  // namespace countersign::cli::login
