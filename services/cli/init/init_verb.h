#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "services/cli/init/first_folder.h"

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::cli {
struct Invocation;
}  // namespace countersign::cli

namespace countersign::cli::init {

void AddInitVerb(CLI::App& app, Invocation& invocation);  // init

// The answers as options give them: lists with commas, `none` for an empty one.
struct GivenAnswers {
  std::string provider;
  std::string url;
  std::string reviewers;
  std::string regulated;
  std::string mask;
};

// Asks for each answer that is missing, again until it can be used. CANCELLED when `in` ends.
absl::Status AskForMissing(std::istream& in, std::ostream& out, GivenAnswers& given);

// The answers that are still missing are a misuse, which names their options.
absl::StatusOr<Answers> ReadAnswers(const GivenAnswers& given);

}  // namespace countersign::cli::init
