// countersign: the command line. Exit status 0 success, 1 refused or failed, 2 misuse.

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_split.h"
#include "services/cli/session.h"

namespace {

using countersign::cli::Session;

void AddGlobalOptions(CLI::App& app, Session& session) {
  app.add_option("--addr", session.address, "The gateway: HOST:PORT or URL (COUNTERSIGN_ADDR)");
  app.add_option("--token", session.token, "An access key or token (COUNTERSIGN_TOKEN)");
  app.add_option("--token-file", session.token_file, "A file that holds it");
  app.add_option("--ca-file", session.ca_file, "Certificates to trust beside the system's, PEM");
  app.add_option("--context", session.context, "A context of the config file");
  app.add_option("-o,--output", session.format, "table, json or yaml")
      ->check(CLI::IsMember({"table", "json", "yaml"}));
}

}  // namespace

int main(int argc, char** argv) {
  Session session{.out = std::cout, .err = std::cerr};
  CLI::App app(
      "Countersign: a gateway for AI inference that knows who asks, holds what is risky, "
      "masks what is secret and proves what happened.");
  app.set_version_flag("--version", "countersign 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  AddGlobalOptions(app, session);
  countersign::cli::AddGatewayVerbs(app, session);
  countersign::cli::AddResourceVerbs(app, session);
  countersign::cli::AddKeyVerbs(app, session);
  countersign::cli::AddReviewVerbs(app, session);
  countersign::cli::AddSessionVerbs(app, session);
  countersign::cli::AddEngineVerbs(app, session);
  countersign::cli::AddVerifyVerb(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
    std::cerr << "countersign: "
              << (unknown.empty() ? error.what() : "unknown argument \"" + unknown.front() + "\"")
              << " (see countersign --help)\n";
    return 2;
  }
  const absl::Status status = session.action();
  if (status.ok()) return 0;
  // Mistakes in resources have a line each.
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    std::cerr << "countersign: " << line << "\n";
  }
  return 1;
}
