#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

namespace countersign::cli::simulation {

// Adds `simulate` to `policy`: what a draft would have changed in recorded calls. Calls are read
// one by one; only counts and a few ids are kept. Both parameters must outlive the run.
void AddSimulateVerb(CLI::App& policy, Invocation& invocation);

}  // namespace countersign::cli::simulation
