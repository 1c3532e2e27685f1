#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

namespace countersign::cli::create {

// create KIND NAME, a subcommand for each kind, whose options are Flags().
void AddCreateVerb(CLI::App& app, Invocation& invocation);

}  // namespace countersign::cli::create
