#include "libs/dialects/openai/member_names.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace countersign::dialects::openai {
namespace {

using Set = answers::MemberNames::Set;

// clang-format off
const Set& Identifying() {
  static const auto& names = *new Set{
      "id",   "object", "model", "system_fingerprint", "service_tier", "role",
      "type", "code",   "param", "finish_reason",      "index",        "native_finish_reason",
      "item_id", "format"};
  return names;
}

const Set& Documented() {
  static const auto& names = *new Set([] {
    Set all{
        "choices", "delta", "message", "content", "refusal", "reasoning_content", "reasoning",
        "tool_calls", "function", "function_call", "name", "arguments", "logprobs", "usage",
        "created", "error", "data", "owned_by", "annotations", "audio", "obfuscation", "text",
        "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details",
        "completion_tokens_details", "cached_tokens", "audio_tokens", "reasoning_tokens",
        "accepted_prediction_tokens", "rejected_prediction_tokens", "stop_reason", "first_id",
        "last_id", "has_more", "permission", "root", "parent", "max_model_len"};
    all.insert(Identifying().begin(), Identifying().end());
    return all;
  }());
  return names;
}
// clang-format on

const Set& ProtocolNumbers() {
  static const auto& names = *new Set([] {
    Set all = Identifying();
    all.insert("created");
    return all;
  }());
  return names;
}

// What the model's server has sealed, and wants back unchanged.
const Set& Sealed() {
  static const auto& names = *new Set{"signature", "thought_signature", "encrypted_content",
                                      "reasoning_details/data", "thinking_blocks/data"};
  return names;
}

const Set& Media() {
  static const auto& names =
      *new Set{"image_url", "image_url/url", "audio/data",       "input_audio/data",
               "b64_json",  "file_data",     "inline_data/data", "source/data"};
  return names;
}

}  // namespace

const answers::MemberNames& AnswerMemberNames() {
  static const answers::MemberNames names{Documented(), ProtocolNumbers(), Media(), Sealed()};
  return names;
}

bool IsIdentifyingMember(absl::string_view key) { return Identifying().contains(key); }

bool IsDiscriminator(absl::string_view key) {
  return std::find(std::begin(kDiscriminators), std::end(kDiscriminators), key) !=
         std::end(kDiscriminators);
}

bool IsPartList(absl::string_view key) {
  return key == "content" || key == "refusal" || key == "reasoning" || key == "reasoning_content" ||
         key == "reasoning_details" || key == "thinking" || key == "summary";
}

bool IsPartText(absl::string_view key) {
  return key == "text" || key == "content" || key == "refusal" || key == "thinking" ||
         key == "reasoning" || key == "summary";
}

bool IsTextPartType(absl::string_view type) {
  return type == "text" || type == "output_text" || type == "refusal" || type == "thinking";
}

bool ContinuesAtRoot(absl::string_view key) {
  return key == "delta" || key == "text" || key == "content" || key == "completion" ||
         key == "response" || key == "output_text";
}

bool IsTextMember(absl::string_view key) {
  return IsPartText(key) || ContinuesAtRoot(key) || key == "reasoning_content" ||
         key == "arguments" || key == "input";
}

bool IsText(const json::Value& value, absl::string_view key) {
  return value.is(json::Type::kString) || (value.is(json::Type::kNumber) && IsTextMember(key));
}

bool IsEventType(const json::Value& type) {
  const absl::string_view text = type.text();
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace countersign::dialects::openai
