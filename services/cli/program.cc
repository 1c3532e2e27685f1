#include "services/cli/program.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/build_version.h"
#include "libs/command_line/usage.h"
#include "services/cli/create/create_verb.h"
#include "services/cli/help/help_verb.h"
#include "services/cli/init/init_verb.h"
#include "services/cli/invocation.h"
#include "services/cli/login/login_verbs.h"
#include "services/cli/output/output.h"
#include "services/cli/output/output_file.h"
#include "services/cli/resources/resource_verbs.h"
#include "services/cli/reviews/review_verbs.h"
#include "services/cli/sessions/session_verbs.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli {
namespace {

// Accepts a format in any case.
CLI::Validator FormatArgument() {
  const auto check = [](std::string& text) -> std::string {
    const absl::StatusOr<std::string> format = ReadFormat(text);
    if (format.ok()) text = *format;
    return std::string(format.status().message());
  };
  return CLI::Validator(check, "");
}

// The width that tables may have: that of the terminal, unless COLUMNS says otherwise. 0: no limit.
std::size_t TableWidth(bool terminal) {
  int columns = 0;
  if (absl::SimpleAtoi(Environment("COLUMNS"), &columns) && columns > 0) {
    return static_cast<std::size_t>(columns);
  }
  winsize size{};
  if (!terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

void AddGlobalOptions(CLI::App& app, Invocation& invocation) {
  app.add_option("--addr", invocation.address, "The gateway: HOST:PORT or URL (COUNTERSIGN_ADDR)");
  app.add_option("--token", invocation.token, "An access key or token (COUNTERSIGN_TOKEN)");
  app.add_option("--token-file", invocation.token_file, "A file that holds it");
  app.add_option("--ca-file", invocation.ca_file, "Certificates to trust beside the system's, PEM");
  app.add_option("--context", invocation.context, "A context of the config file");
  app.add_option("-o,--output", invocation.format,
                 "table, wide, name, json, yaml or jsonpath=TEMPLATE")
      ->transform(FormatArgument());
}

void AddVerbs(CLI::App& app, Invocation& invocation) {
  verbs::AddGatewayVerbs(app, invocation);
  init::AddInitVerb(app, invocation);
  resources::AddResourceVerbs(app, invocation);
  create::AddCreateVerb(app, invocation);
  resources::AddGetVerb(app, invocation);
  resources::AddDescribeVerb(app, invocation);
  resources::AddExplainVerb(app, invocation);
  resources::AddEditVerbs(app, invocation);
  verbs::AddKeyVerbs(app, invocation);
  reviews::AddReviewVerbs(app, invocation);
  sessions::AddSessionVerbs(app, invocation);
  verbs::AddEngineVerbs(app, invocation);
  login::AddLoginVerbs(app, invocation);
  verbs::AddTokenVerbs(app, invocation);
  verbs::AddStatusVerb(app, invocation);
  verbs::AddDoctorVerb(app, invocation);
  verbs::AddVersionVerb(app, invocation);
  verbs::AddPolicyVerbs(app, invocation);
  verbs::AddVerifyVerb(app, invocation);
  verbs::AddConfigVerbs(app, invocation);
  verbs::AddCompletionVerb(app, invocation);
  help::AddHelp(app, invocation);
}

// Mistakes in resources are reported many at a time, one per line of `message`. Messages may quote
// untrusted names and texts.
void PrintError(std::ostream& err, absl::string_view message) {
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    err << "countersign: " << output::Printable(line) << "\n";
  }
}

// Output that was not written is an error.
int FlushSuccess(std::ostream& out, std::ostream& err) {
  const absl::Status flushed = output::Flush(out);
  if (flushed.ok()) return 0;
  PrintError(err, flushed.message());
  return 1;
}

}  // namespace

int Run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err,
        GatewayConnector connector) {
  Invocation invocation{.out = out,
                        .err = err,
                        .connector = std::move(connector),
                        .out_is_terminal = &out == &std::cout && isatty(STDOUT_FILENO) != 0};
  invocation.width = TableWidth(invocation.out_is_terminal);
  invocation.colours = invocation.out_is_terminal && Environment("NO_COLOR").empty() &&
                       Environment("TERM") != "dumb";
  CLI::App app(
      "Countersign: a gateway for AI inference that knows who asks, holds what is risky, "
      "masks what is secret and proves what happened.",
      "countersign");
  app.set_version_flag("--version", absl::StrCat("countersign ", BuildVersion()));
  app.require_subcommand(1);
  app.fallthrough();
  AddGlobalOptions(app, invocation);
  AddVerbs(app, invocation);
  arguments = help::RewriteHelp(app, std::move(arguments));
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error, out, err);
      return FlushSuccess(out, err);
    }
    PrintError(err, command_line::UsageMessage(app, error));
    return command_line::kMisuse;
  }
  const absl::Status status = invocation.action();
  if (status.ok()) return FlushSuccess(out, err);
  PrintError(err, status.message());
  return command_line::IsMisuse(status) ? command_line::kMisuse : 1;
}

}  // namespace countersign::cli
