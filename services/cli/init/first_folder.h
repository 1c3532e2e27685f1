#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// The resources with which somebody begins, from the answers to five questions.
namespace countersign::cli::init {

struct Answers {
  std::string provider;                // one of Providers()
  std::string url;                     // of the target, as an SDK's base URL
  std::vector<std::string> reviewers;  // people, or "group:NAME"; empty: nobody reviews
  std::vector<std::string> regulated;  // terms whose prompts are held, or refused without reviewers
  std::vector<std::string> masked;     // entities of a masking profile; empty: nothing is masked
};

struct NewFile {
  std::string path;  // within the folder
  std::string content;
};

// openai, azure, vllm, ollama-as-openai, anthropic.
const std::vector<std::string>& Providers();

// The address that a provider usually has; "" where each customer has another one.
std::string UsualUrl(absl::string_view provider);

// The environment variable from which `apply` takes the provider's key; "": it needs none.
std::string KeyVariable(absl::string_view provider);

// INVALID_ARGUMENT says what is wrong with an answer, beginning with its option ("--url: …").
absl::Status CheckAnswers(const Answers& answers);

// resources/*.yaml and policy-test.yaml, with comments. `validate` accepts the resources, and the
// cases of the test file pass.
// REQUIRES: CheckAnswers is OK.
std::vector<NewFile> WriteFirstFolder(const Answers& answers);

}  // namespace countersign::cli::init
