#pragma once

#include <string>

#include "absl/strings/string_view.h"

// The one table of what users may write for a tokenizer. Loads no vocabulary; thread-safe.
namespace countersign::text::tokens {

// The tokenizer that `name` stands for: a tokenizer's own name, or a model's as providers and
// gateways write it (gpt-4o-mini, meta-llama/Llama-3.1-8B-Instruct, us.anthropic.claude-sonnet-4,
// ft:gpt-4o:acme::id), upper and lower case alike. Empty when nothing is known by that name.
//
// Models of OpenAI are those of tiktoken's model.py. claude, deepseek, gemini, mistral, qwen and
// estimate are estimates (token_estimate.h).
absl::string_view TokenizerNameFor(absl::string_view name);

// All tokenizers and what models may be called, for messages.
std::string KnownTokenizers();

}  // namespace countersign::text::tokens
