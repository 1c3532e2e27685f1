#include "libs/text/tokens/tokenizer.h"

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/text/tokens/byte_pair_tokenizer.h"
#include "libs/text/tokens/token_estimate.h"
#include "libs/text/tokens/tokenizer_data.h"
#include "libs/text/tokens/tokenizer_names.h"

namespace countersign::text::tokens {
namespace {

const Vocabulary* ReadVocabulary(std::initializer_list<TokenizerData> files) {
  std::vector<std::string> ranks;
  for (const TokenizerData file : files) ranks.push_back(ReadTokenizerData(file));
  return new Vocabulary(ranks);
}

const Vocabulary& O200kVocabulary() {
  static const auto* const vocabulary = ReadVocabulary({TokenizerData::kO200kRanks});
  return *vocabulary;
}

const BytePairTokenizer& O200k() {
  static const auto* const tokenizer =
      new BytePairTokenizer("o200k_base", O200kVocabulary(), &O200kPieceEnd);
  return *tokenizer;
}

// Differs from o200k_base in its special tokens only.
const Tokenizer& O200kHarmony() {
  static const auto* const tokenizer =
      new BytePairTokenizer("o200k_harmony", O200kVocabulary(), &O200kPieceEnd);
  return *tokenizer;
}

const Tokenizer& Cl100k() {
  static const auto* const tokenizer = new BytePairTokenizer(
      "cl100k_base", *ReadVocabulary({TokenizerData::kCl100kRanks}), &Cl100kPieceEnd);
  return *tokenizer;
}

// Uses the pattern of cl100k_base (Meta's llama-stack, models/llama/llama3/tokenizer.py).
const Tokenizer& Llama3() {
  static const auto* const tokenizer = new BytePairTokenizer(
      "llama3", *ReadVocabulary({TokenizerData::kCl100kRanks, TokenizerData::kLlama3MoreRanks}),
      &Cl100kPieceEnd);
  return *tokenizer;
}

const Tokenizer& Estimate(absl::string_view name) {
  static const auto* const estimates = [] {
    auto* const made = new std::vector<const TokenEstimate*>;
    for (const char* family : {"claude", "deepseek", "gemini", "mistral", "qwen", "estimate"}) {
      made->push_back(new TokenEstimate(family, O200k()));
    }
    return made;
  }();
  for (const TokenEstimate* estimate : *estimates) {
    if (estimate->name() == name) return *estimate;
  }
  std::abort();
}

// REQUIRES: `name` was returned by TokenizerNameFor.
const Tokenizer& Get(absl::string_view name) {
  if (name == "o200k_base") return O200k();
  if (name == "o200k_harmony") return O200kHarmony();
  if (name == "cl100k_base") return Cl100k();
  if (name == "llama3") return Llama3();
  return Estimate(name);
}

}  // namespace

absl::StatusOr<const Tokenizer*> Tokenizer::ByName(absl::string_view name) {
  const absl::string_view known = TokenizerNameFor(name);
  if (!known.empty()) return &Get(known);
  return absl::NotFoundError(
      absl::StrCat("no tokenizer \"", name, "\"; known are ", KnownTokenizers()));
}

const Tokenizer& Tokenizer::ForModel(absl::string_view model) {
  const absl::string_view known = TokenizerNameFor(model);
  return Get(known.empty() ? "estimate" : known);
}

}  // namespace countersign::text::tokens
