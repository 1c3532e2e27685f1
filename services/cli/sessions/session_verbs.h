#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

namespace countersign::cli::sessions {

// sessions list|show|replay|tail|export|kill
void AddSessionVerbs(CLI::App& app, Invocation& invocation);

}  // namespace countersign::cli::sessions
