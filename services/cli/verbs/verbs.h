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

void AddGatewayVerbs(CLI::App& app, Invocation& invocation);    // up, down, whoami
void AddConfigVerbs(CLI::App& app, Invocation& invocation);     // config
void AddKeyVerbs(CLI::App& app, Invocation& invocation);        // keys create|list|revoke
void AddEngineVerbs(CLI::App& app, Invocation& invocation);     // mask, tokens
void AddTokenVerbs(CLI::App& app, Invocation& invocation);      // token exchange
void AddStatusVerb(CLI::App& app, Invocation& invocation);      // services status
void AddDoctorVerb(CLI::App& app, Invocation& invocation);      // doctor
void AddVersionVerb(CLI::App& app, Invocation& invocation);     // version
void AddPolicyVerbs(CLI::App& app, Invocation& invocation);     // policy test|explain
void AddVerifyVerb(CLI::App& app, Invocation& invocation);      // verify
void AddCompletionVerb(CLI::App& app, Invocation& invocation);  // completion

}  // namespace countersign::cli::verbs
