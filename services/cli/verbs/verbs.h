#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Session;
}  // namespace countersign::cli

// The verbs of the command line, a file for each group. Every function adds the subcommands of its
// group to `app`; the one that the user names leaves what it will do in Session::action. Both
// outlive the run.
namespace countersign::cli::verbs {

void AddGatewayVerbs(CLI::App& app, Session& session);   // up, down, whoami
void AddResourceVerbs(CLI::App& app, Session& session);  // apply, get, delete, diff, validate
void AddKeyVerbs(CLI::App& app, Session& session);       // keys create|list|revoke
// reviews list|show|approve|deny|watch|revoke
void AddReviewVerbs(CLI::App& app, Session& session);
void AddSessionVerbs(CLI::App& app, Session& session);  // sessions list|show|replay|export|kill
void AddEngineVerbs(CLI::App& app, Session& session);   // mask, tokens
void AddStatusVerb(CLI::App& app, Session& session);    // services status
void AddPolicyVerbs(CLI::App& app, Session& session);   // policy test|explain
void AddVerifyVerb(CLI::App& app, Session& session);    // verify

}  // namespace countersign::cli::verbs
