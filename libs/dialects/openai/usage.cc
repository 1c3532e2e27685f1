#include "libs/dialects/openai/usage.h"

#include <cstdint>

namespace countersign::dialects::openai {

void ReadUsage(const json::Value& usage, Usage& result) {
  if (!usage.is(json::Type::kObject)) return;
  const auto count = [&](absl::string_view key) -> std::uint32_t {
    const auto number = usage[key].integer();
    result.known |= number.has_value();
    return number && *number > 0 && *number <= UINT32_MAX ? static_cast<std::uint32_t>(*number) : 0;
  };
  // Responses and embeddings have other names than completions.
  const bool completion = usage["prompt_tokens"].exists() || usage["completion_tokens"].exists();
  result.input_tokens = count(completion ? "prompt_tokens" : "input_tokens");
  result.output_tokens = count(completion ? "completion_tokens" : "output_tokens");
}

}  // namespace countersign::dialects::openai
