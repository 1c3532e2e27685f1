#include "libs/dialects/anthropic/usage.h"

#include <algorithm>
#include <cstdint>

namespace countersign::dialects::anthropic {

void ReadUsage(const json::Value& usage, Usage& result) {
  if (!usage.is(json::Type::kObject)) return;
  const auto count = [&](absl::string_view key) -> std::uint64_t {
    const auto number = usage[key].integer();
    result.known |= number.has_value();
    return number && *number > 0 && *number <= UINT32_MAX ? static_cast<std::uint64_t>(*number) : 0;
  };
  const std::uint64_t input = count("input_tokens") + count("cache_creation_input_tokens") +
                              count("cache_read_input_tokens");
  const auto limit = [](std::uint64_t sum) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, UINT32_MAX));
  };
  result.input_tokens = std::max(result.input_tokens, limit(input));
  result.output_tokens = std::max(result.output_tokens, limit(count("output_tokens")));
}

}  // namespace countersign::dialects::anthropic
