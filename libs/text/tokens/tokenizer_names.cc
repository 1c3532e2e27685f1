#include "libs/text/tokens/tokenizer_names.h"

#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace countersign::text::tokens {
namespace {

constexpr std::array<absl::string_view, 10> kTokenizers = {
    "o200k_base", "o200k_harmony", "cl100k_base", "llama3", "claude",
    "deepseek",   "gemini",        "mistral",     "qwen",   "estimate"};

struct Models {
  absl::string_view prefix;
  absl::string_view tokenizer;
};

// The first matching prefix decides.
constexpr Models kModels[] = {
    {"gpt-oss", "o200k_harmony"},
    {"gpt-4o", "o200k_base"},
    {"gpt-4.", "o200k_base"},
    {"gpt-4", "cl100k_base"},
    {"gpt-3.5", "cl100k_base"},
    {"gpt-35", "cl100k_base"},
    {"gpt-2", "estimate"},
    {"gpt-", "o200k_base"},
    {"chatgpt-", "o200k_base"},
    {"o1", "o200k_base"},
    {"o3", "o200k_base"},
    {"o4", "o200k_base"},
    {"text-embedding-", "cl100k_base"},
    {"davinci-002", "cl100k_base"},
    {"babbage-002", "cl100k_base"},
    {"llama-3", "llama3"},
    {"llama3", "llama3"},
    {"meta-llama-3", "llama3"},
    {"deepseek-r1-distill-llama", "llama3"},
    {"deepseek-r1-distill-qwen", "qwen"},
    {"deepseek", "deepseek"},
    {"claude", "claude"},
    {"gemini", "gemini"},
    {"gemma", "gemini"},
    {"mistral", "mistral"},
    {"mixtral", "mistral"},
    {"ministral", "mistral"},
    {"magistral", "mistral"},
    {"codestral", "mistral"},
    {"devstral", "mistral"},
    {"pixtral", "mistral"},
    {"open-mistral", "mistral"},
    {"open-mixtral", "mistral"},
    {"qwen", "qwen"},
    {"qwq", "qwen"},
};

absl::string_view ByPrefix(absl::string_view model) {
  for (const Models& models : kModels) {
    if (!absl::StartsWith(model, models.prefix)) continue;
    // "o1" is not a prefix of "o1000" in this sense.
    const absl::string_view rest = model.substr(models.prefix.size());
    const bool digit_follows = !rest.empty() && absl::ascii_isdigit(rest.front());
    if (digit_follows && absl::ascii_isdigit(models.prefix.back())) continue;
    return models.tokenizer;
  }
  return {};
}

}  // namespace

absl::string_view TokenizerNameFor(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  for (const absl::string_view tokenizer : kTokenizers) {
    if (lower == tokenizer) return tokenizer;
  }
  // The part before the model is a provider, a region or "ft".
  absl::string_view model = lower;
  while (true) {
    if (const absl::string_view tokenizer = ByPrefix(model); !tokenizer.empty()) return tokenizer;
    const std::size_t end = model.find_first_of("/.:");
    if (end == absl::string_view::npos) return {};
    model.remove_prefix(end + 1);
  }
}

std::string KnownTokenizers() {
  return absl::StrCat(absl::StrJoin(kTokenizers, ", "),
                      ", and models by name (gpt-4o, claude-sonnet-4 …)");
}

}  // namespace countersign::text::tokens
