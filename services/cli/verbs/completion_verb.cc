#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "services/cli/completion/completion.h"
#include "services/cli/invocation.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {

void AddCompletionVerb(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand(
      "completion",
      "Print what completes this command line in a shell: source <(countersign completion bash)");
  auto shell = std::make_shared<std::string>();
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->transform(command_line::Choice({"bash", "zsh", "fish"}));
  verb->callback([&app, &invocation, shell] {
    invocation.action = [&app, &invocation, shell]() -> absl::Status {
      CS_ASSIGN_OR_RETURN(const std::string script, completion::MakeScript(app, *shell));
      invocation.out << script;
      return absl::OkStatus();
    };
  });
}

}  // namespace countersign::cli::verbs
