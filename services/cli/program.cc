#include "services/cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <utility>

#include "absl/strings/str_split.h"
#include "libs/command_line/usage.h"
#include "services/cli/session.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli {
namespace {

void AddGlobalOptions(CLI::App& app, Session& session) {
  app.add_option("--addr", session.address, "The gateway: HOST:PORT or URL (COUNTERSIGN_ADDR)");
  app.add_option("--token", session.token, "An access key or token (COUNTERSIGN_TOKEN)");
  app.add_option("--token-file", session.token_file, "A file that holds it");
  app.add_option("--ca-file", session.ca_file, "Certificates to trust beside the system's, PEM");
  app.add_option("--context", session.context, "A context of the config file");
  app.add_option("-o,--output", session.format, "table, json or yaml")
      ->check(command_line::OneOf({"table", "json", "yaml"}));
}

void AddVerbs(CLI::App& app, Session& session) {
  verbs::AddGatewayVerbs(app, session);
  verbs::AddResourceVerbs(app, session);
  verbs::AddKeyVerbs(app, session);
  verbs::AddReviewVerbs(app, session);
  verbs::AddSessionVerbs(app, session);
  verbs::AddEngineVerbs(app, session);
  verbs::AddStatusVerb(app, session);
  verbs::AddPolicyVerbs(app, session);
  verbs::AddVerifyVerb(app, session);
}

// Each line of `message` as a line of its own: mistakes in resources come many at a time.
void Complain(std::ostream& err, absl::string_view message) {
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    err << "countersign: " << line << "\n";
  }
}

}  // namespace

int Run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err) {
  if (!arguments.empty() && arguments.front() == "help") {  // `help VERB` is `VERB --help`
    arguments.erase(arguments.begin());
    arguments.push_back("--help");
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  Session session{.out = out, .err = err};
  CLI::App app(
      "Countersign: a gateway for AI inference that knows who asks, holds what is risky, "
      "masks what is secret and proves what happened.",
      "countersign");
  app.set_version_flag("--version", "countersign 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  AddGlobalOptions(app, session);
  AddVerbs(app, session);
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, out, err);  // --help, --version
    Complain(err, command_line::UsageMessage(app, error));
    return command_line::kMisuse;
  }
  const absl::Status status = session.action();
  if (status.ok()) return 0;
  Complain(err, status.message());
  return command_line::IsMisuse(status) ? command_line::kMisuse : 1;
}

}  // namespace countersign::cli
