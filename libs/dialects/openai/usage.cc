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
  result.input_tokens = count("prompt_tokens");
  result.output_tokens = count("completion_tokens");
}

}  // namespace countersign::dialects::openai
