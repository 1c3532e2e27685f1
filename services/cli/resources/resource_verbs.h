#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

// The verbs for resources, as verbs/verbs.h has the others.
namespace countersign::cli::resources {

void AddResourceVerbs(CLI::App& app, Invocation& invocation);  // apply, diff, validate
void AddGetVerb(CLI::App& app, Invocation& invocation);        // get
void AddDescribeVerb(CLI::App& app, Invocation& invocation);   // describe
void AddExplainVerb(CLI::App& app, Invocation& invocation);    // explain
void AddEditVerbs(CLI::App& app, Invocation& invocation);      // edit, delete

}  // namespace countersign::cli::resources
