#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;

namespace login {

// `login` and `logout`.
void AddLoginVerbs(CLI::App& app, Invocation& invocation);

}  // namespace login
}  // namespace countersign::cli
