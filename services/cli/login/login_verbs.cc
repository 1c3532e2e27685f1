#include "services/cli/login/login_verbs.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
// command line. Without a browser the user opens it.
void OpenBrowser(const std::string& url) {
  const std::string chosen = Environment("BROWSER");
  std::string program = chosen.empty() ? "xdg-open" : chosen;
  std::string target = url;
  char* const argv[] = {program.data(), target.data(), nullptr};
  posix_spawn_file_actions_t quiet;
  if (posix_spawn_file_actions_init(&quiet) != 0) return;
  pid_t child = 0;
  const bool ready =
      posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
      posix_spawn_file_actions_adddup2(&quiet, STDOUT_FILENO, STDERR_FILENO) == 0;
  if (ready) (void)posix_spawnp(&child, program.c_str(), &quiet, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&quiet);
}

// What the gateway takes the holder of `token` for.
absl::StatusOr<json::Document> AskWhoAmI(const Invocation& invocation, GatewayAddress address,
                                         const SavedLogin& login) {
  address.token = login.tokens.token;
  auto caller =
      invocation.connector(std::move(address))->Call("authn.v1.IdentityService/WhoAmI", "{}");
  if (absl::IsUnauthenticated(caller.status())) {
    return Annotate(caller.status(),
                    absl::StrCat("the gateway refuses the token of ", login.provider));
  }
  return caller;
}

void ShowCaller(const Invocation& invocation, const std::string& url, json::Value caller) {
  PrintObject(invocation, caller, [&] {
    absl::string_view who = caller["subject"].text();
    for (const char* const better : {"name", "identity"}) {
      if (!caller[better].text().empty()) who = caller[better].text();
    }
    std::vector<absl::string_view> roles;
    for (std::size_t i = 0; i < caller["roles"].size(); ++i) {
      roles.push_back(caller["roles"].at(i)["role"].text());
    }
    invocation.out << "logged in at " << url << " as " << output::Printable(who) << " ("
                   << (roles.empty() ? "no roles" : output::Printable(absl::StrJoin(roles, ", ")))
                   << ")\n";
  });
}

// A credential that is given otherwise is used instead, which would surprise.
void WarnOfOtherCredential(const Invocation& invocation, const GatewayAddress& address) {
  if (address.token.empty()) return;
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
  // One that the gateway refuses is not kept, and an earlier login stays.
  CS_ASSIGN_OR_RETURN(const json::Document caller, AskWhoAmI(invocation, address, login));
  CS_RETURN_IF_ERROR(WriteLogin(address.url, login));
  WarnOfOtherCredential(invocation, address);
  ShowCaller(invocation, address.url, caller.root());
  return absl::OkStatus();
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
