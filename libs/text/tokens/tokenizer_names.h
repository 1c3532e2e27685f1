#pragma once

#include <string>

#include "absl/strings/string_view.h"

// The table of tokenizer names that users may write. Loads no vocabulary; thread-safe.
namespace countersign::text::tokens {

// The tokenizer for `name`: its own name, or a model's as providers and gateways write it
// (gpt-4o-mini, meta-llama/Llama-3.1-8B-Instruct, us.anthropic.claude-sonnet-4,
// ft:gpt-4o:acme::id), in any case. Empty for an unknown name.
//
// OpenAI's models are those of tiktoken's model.py. claude, deepseek, gemini, mistral, qwen and
// estimate are estimates (token_estimate.h).
absl::string_view TokenizerNameFor(absl::string_view name);

// All tokenizers and the accepted model names, for messages.
std::string KnownTokenizers();

}  // namespace countersign::text::tokens
