#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

namespace countersign::cli::sessions {

// sessions replay|tail
void AddReplayVerbs(CLI::App& sessions, Invocation& invocation);

}  // namespace countersign::cli::sessions
