#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli::help {

// Gives every verb of `app` that has none its examples, which --help shows below the options. Verbs
// with a footer of their own keep it.
void AddExamples(CLI::App& app);

}  // namespace countersign::cli::help
