#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

namespace countersign::cli::reviews {

// reviews list|show|approve|deny|watch|revoke
void AddReviewVerbs(CLI::App& app, Invocation& invocation);

}  // namespace countersign::cli::reviews
