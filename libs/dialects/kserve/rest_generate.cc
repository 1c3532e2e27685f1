#include "libs/dialects/kserve/rest_generate.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::kserve {
namespace {

using members::Kind;
using members::Rule;

// clang-format off
const std::vector<Rule>& Rules() {
  static const auto& rules = *new std::vector<Rule>{
      {"/text_input", Kind::kText},
      {"/text_input/*", Kind::kText},
      {"/id", Kind::kText},
      {"/stream", Kind::kObject},
      {"/exclude_input_in_output", Kind::kObject},
      {"/max_tokens", Kind::kNumber},
      {"/temperature", Kind::kNumber},
      {"/top_k", Kind::kNumber},
      {"/top_p", Kind::kNumber},
      {"/seed", Kind::kNumber},
      {"/random_seed", Kind::kNumber},
      {"/beam_width", Kind::kNumber},
      {"/repetition_penalty", Kind::kNumber},
      {"/presence_penalty", Kind::kNumber},
      {"/frequency_penalty", Kind::kNumber},
      {"/bad_words", Kind::kText},
      {"/bad_words/*", Kind::kText},
      {"/stop_words", Kind::kText},
      {"/stop_words/*", Kind::kText},
      {"/sampling_parameters", Kind::kText},
      {"/parameters", Kind::kObject},
      {"/parameters/stream", Kind::kObject},
      {"/parameters/max_tokens", Kind::kNumber},
      {"/parameters/temperature", Kind::kNumber},
      {"/parameters/top_k", Kind::kNumber},
      {"/parameters/top_p", Kind::kNumber},
      {"/parameters/seed", Kind::kNumber},
      {"/parameters/stop", Kind::kText},
      {"/parameters/stop/*", Kind::kText},
  };
  return rules;
}
// clang-format on

// "/text_input" is the first element of an input; "/text_input/3" is another one.
std::string MakePointer(absl::string_view pointer) {
  const bool beside = pointer == "/id" || absl::StartsWith(pointer, "/parameters");
  if (beside || pointer.empty()) return std::string(pointer);
  const bool element = absl::StrContains(pointer.substr(1), '/');
  return absl::StrCat("/inputs", pointer, element ? "" : "/0");
}

void AddNumbers(const json::Value& members, absl::string_view body, PromptParts& parts) {
  for (std::size_t i = 0; i < members.size() && members.is(json::Type::kObject); ++i) {
    const json::Value value = members.at(i);
    if (!value.is(json::Type::kNumber)) continue;
    parts.AddParameter(members.key(i), body.substr(value.begin(), value.end() - value.begin()));
  }
}

}  // namespace

const members::Schema& GenerateSchema() {
  static const auto& schema = *new members::Schema("models.infer", Rules());
  return schema;
}

void ReadGenerate(const json::Value& root, absl::string_view body, PromptParts& parts) {
  AddNumbers(root["parameters"], body, parts);
  AddNumbers(root, body, parts);
  members::Partition divided = members::Divide(GenerateSchema(), root, body);
  for (domain::TextPart& part : divided.texts) part.pointer = MakePointer(part.pointer);
  for (domain::MediaPart& media : divided.media) media.pointer = MakePointer(media.pointer);
  for (domain::PlainMember& plain : divided.plain) plain.pointer = MakePointer(plain.pointer);
  parts.AddDivided("", std::move(divided));
}

}  // namespace countersign::dialects::kserve
