#include "libs/text/tokens/tokenizer_names.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "libs/text/tokens/tokenizer.h"

namespace countersign::text::tokens {
namespace {

const Tokenizer& Named(absl::string_view name) { return **Tokenizer::ByName(name); }

TEST_CASE("Tokenizer: an error for an unknown name lists the known ones", "[tokenizer]") {
  const auto tokenizer = Tokenizer::ByName("p50k_base");
  REQUIRE(tokenizer.status().code() == absl::StatusCode::kNotFound);
  CHECK(std::string(tokenizer.status().message()) ==
        "no tokenizer \"p50k_base\"; known are o200k_base, o200k_harmony, cl100k_base, llama3, "
        "claude, deepseek, gemini, mistral, qwen, estimate, and models by name (gpt-4o, "
        "claude-sonnet-4 …)");
}

TEST_CASE("Tokenizer: models get their own tokenizer", "[tokenizer]") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> kModels = {
      {"cl100k_base",
       {"gpt-4", "gpt-4-0613", "gpt-4-turbo", "gpt-3.5-turbo", "gpt-35-turbo",
        "text-embedding-3-large", "text-embedding-ada-002", "davinci-002",
        "ft:gpt-3.5-turbo:acme::id"}},
      {"o200k_base",
       {"gpt-4o", "gpt-4o-mini", "GPT-4o", "gpt-4.1", "gpt-4.5-preview", "gpt-5", "gpt-5-mini",
        "o1", "o3-mini", "o4-mini", "chatgpt-4o-latest", "ft:gpt-4o:acme::id", "openai/gpt-4o"}},
      {"o200k_harmony", {"gpt-oss-120b", "openai/gpt-oss-20b"}},
      {"llama3",
       {"llama-3.1-8b-instruct", "llama3.2:1b", "meta-llama/Llama-3.3-70B-Instruct",
        "meta-llama/Meta-Llama-3-8B", "us.meta.llama3-1-70b-instruct-v1:0",
        "deepseek-r1-distill-llama-70b"}},
      {"claude",
       {"claude-sonnet-4-20250514", "anthropic/claude-3.5-haiku",
        "us.anthropic.claude-3-5-sonnet-20241022-v2:0"}},
      {"gemini", {"gemini-2.5-pro", "models/gemini-2.0-flash", "google/gemma-3-27b-it"}},
      {"mistral", {"mistral-large-latest", "open-mixtral-8x22b", "codestral-2501"}},
      {"qwen", {"qwen3-235b", "Qwen/Qwen2.5-7B-Instruct", "qwq-32b"}},
      {"deepseek", {"deepseek-chat", "deepseek-ai/DeepSeek-V3"}}};
  for (const auto& [tokenizer, models] : kModels) {
    for (const std::string& model : models) {
      INFO(model);
      CHECK(TokenizerNameFor(model) == tokenizer);
      CHECK(Tokenizer::ForModel(model).name() == tokenizer);
    }
  }
}

TEST_CASE("Tokenizer: an unknown model is estimated, and exact() is false", "[tokenizer]") {
  for (const char* model :
       {"", "llama2", "o1000", "acme-7b", "demo", "text-davinci-003", "gpt-2"}) {
    INFO(model);
    CHECK(Tokenizer::ForModel(model).name() == "estimate");
    CHECK_FALSE(Tokenizer::ForModel(model).exact());
  }
  CHECK(Tokenizer::ForModel("gpt-4o").exact());
  CHECK(Tokenizer::ForModel("llama3").exact());
  CHECK_FALSE(Tokenizer::ForModel("claude-opus-4").exact());
}

TEST_CASE("Tokenizer: o200k_harmony counts text as o200k_base does", "[tokenizer]") {
  for (const char* text : {"", "hello world", "<|start|>assistant", "Привет, мир!"}) {
    CHECK(Named("o200k_harmony").Count(text) == Named("o200k_base").Count(text));
  }
  CHECK(Named("o200k_harmony").name() == "o200k_harmony");
}

TEST_CASE("TokenEstimate: is close to the tokenizers that it was fitted to", "[tokenizer]") {
  const std::vector<std::string> texts = {
      "All human beings are born free and equal in dignity and rights. They are endowed with "
      "reason and conscience and should act towards one another in a spirit of brotherhood.",
      "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом "
      "и совестью и должны поступать в отношении друг друга в духе братства.",
      "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
      "for (int i = 0; i < 128; ++i) {\n  total += values[i] * 1024;\n}\n"};
  // Counted by the tokenizers named in token_estimate.h.
  const std::vector<std::pair<std::string, std::vector<double>>> counted = {
      {"claude", {33, 89, 49, 28}},  {"deepseek", {33, 46, 27, 29}}, {"gemini", {32, 40, 31, 37}},
      {"mistral", {33, 46, 39, 33}}, {"qwen", {33, 49, 29, 33}},
  };
  for (const auto& [name, counts] : counted) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      INFO(name << ": " << texts[i]);
      const auto estimate = static_cast<double>(Named(name).Count(texts[i]));
      CHECK(std::abs(estimate / counts[i] - 1) < 0.3);
    }
  }
}

TEST_CASE("TokenEstimate: English without digits is counted as o200k_base does", "[tokenizer]") {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  CHECK(Named("estimate").Count(text) == Named("o200k_base").Count(text));
}

TEST_CASE("TokenEstimate: CountUpTo is exact up to its limit", "[tokenizer]") {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += "Съешь ещё этих мягких французских булок, " + std::to_string(i);
  for (const char* name : {"claude", "estimate", "qwen"}) {
    const std::size_t all = Named(name).Count(text);
    CHECK(Named(name).CountUpTo(text, all) == all);
    CHECK(Named(name).CountUpTo(text, all - 1) > all - 1);
    CHECK(Named(name).CountUpTo(text, 10) > 10);
    CHECK(Named(name).CountUpTo(text, 10) < 50);
    CHECK(Named(name).Count("") == 0);
  }
}

}  // namespace
}  // namespace countersign::text::tokens
