#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

// The verbs of the command line; one file per group. Each function adds its group's subcommands to
// `app`; parsing the chosen one stores what it will do in Invocation::action. `app` and
// `invocation` must outlive the run.
namespace countersign::cli::verbs {

void AddGatewayVerbs(CLI::App& app, Invocation& invocation);   // up, down, whoami
void AddResourceVerbs(CLI::App& app, Invocation& invocation);  // apply, get, delete, diff, validate
void AddKeyVerbs(CLI::App& app, Invocation& invocation);       // keys create|list|revoke
// reviews list|show|approve|deny|watch|revoke
void AddReviewVerbs(CLI::App& app, Invocation& invocation);
void AddSessionVerbs(CLI::App& app,
                     Invocation& invocation);  // sessions list|show|replay|export|kill
void AddEngineVerbs(CLI::App& app, Invocation& invocation);     // mask, tokens
void AddStatusVerb(CLI::App& app, Invocation& invocation);      // services status
void AddPolicyVerbs(CLI::App& app, Invocation& invocation);     // policy test|explain
void AddVerifyVerb(CLI::App& app, Invocation& invocation);      // verify
void AddCompletionVerb(CLI::App& app, Invocation& invocation);  // completion

}  // namespace countersign::cli::verbs
