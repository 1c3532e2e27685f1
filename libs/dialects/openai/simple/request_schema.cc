#include "libs/dialects/openai/simple/request_schema.h"

#include <vector>

namespace countersign::dialects::openai::simple {
namespace {

using members::Kind;
using members::Rule;

// clang-format off
const std::vector<Rule>& CompletionRules() {
  static const auto& rules = *new std::vector<Rule>{
      {"/model", Kind::kModelId},
      {"/prompt", Kind::kText},
      {"/prompt/*", Kind::kText},
      {"/suffix", Kind::kText},
      {"/stop", Kind::kText},
      {"/stop/*", Kind::kText},
      {"/echo", Kind::kObject},
      {"/stream", Kind::kObject},
      {"/stream_options", Kind::kObject},
      {"/stream_options/include_usage", Kind::kObject},
      {"/stream_options/include_obfuscation", Kind::kObject},
      {"/user", Kind::kText},
      {"/max_tokens", Kind::kNumber},
      {"/n", Kind::kNumber},
      {"/best_of", Kind::kNumber},
      {"/temperature", Kind::kNumber},
      {"/top_p", Kind::kNumber},
      {"/seed", Kind::kNumber},
      {"/presence_penalty", Kind::kNumber},
      {"/frequency_penalty", Kind::kNumber},
      {"/logprobs", Kind::kNumber},
      {"/logit_bias", Kind::kObject},
      {"/logit_bias/#", Kind::kNumber}};
  return rules;
}

const std::vector<Rule>& EmbeddingRules() {
  static const auto& rules = *new std::vector<Rule>{
      {"/model", Kind::kModelId},
      {"/input", Kind::kText},
      {"/input/*", Kind::kText},
      {"/encoding_format", Kind::kChoice, "float base64"},
      {"/dimensions", Kind::kNumber},
      {"/user", Kind::kText}};
  return rules;
}

const std::vector<Rule>& ModerationRules() {
  static const auto& rules = *new std::vector<Rule>{
      {"/model", Kind::kModelId},
      {"/input", Kind::kText},
      {"/input/*", Kind::kText},
      {"/input/*/type", Kind::kChoice, "text image_url"},
      {"/input/*/text", Kind::kText},
      {"/input/*/image_url", Kind::kObject},
      {"/input/*/image_url/url", Kind::kMedia}};
  return rules;
}
// clang-format on

}  // namespace

const members::Schema& CompletionSchema() {
  static const auto& schema = *new members::Schema("completions", CompletionRules());
  return schema;
}

const members::Schema& EmbeddingSchema() {
  static const auto& schema = *new members::Schema("embeddings", EmbeddingRules());
  return schema;
}

const members::Schema& ModerationSchema() {
  static const auto& schema = *new members::Schema("moderations", ModerationRules());
  return schema;
}

}  // namespace countersign::dialects::openai::simple
