#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

namespace countersign::cli::help {

// help [VERB…|TOPIC], examples for every verb, and the topics below the help of `app`. Add it after
// all other verbs.
void AddHelp(CLI::App& app, Invocation& invocation);

// `help VERB…` as `VERB… --help`; other command lines as they are.
std::vector<std::string> RewriteHelp(const CLI::App& app, std::vector<std::string> arguments);

}  // namespace countersign::cli::help
