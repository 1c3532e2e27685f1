#include "libs/dialects/openai/logprobs.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace countersign::dialects::openai {
namespace {

using json::Type;
using json::Value;

// True when `entry` is a token with its probability and nothing that could spell another text: its
// bytes, if given, are those of the token.
bool IsPlainToken(const Value& entry) {
  for (std::size_t i = 0; i < entry.size(); ++i) {
    const absl::string_view member = entry.key(i);
    if (member != "token" && member != "logprob" && member != "bytes" && member != "top_logprobs") {
      return false;
    }
  }
  const absl::string_view token = entry["token"].text();
  const Value bytes = entry["bytes"];
  if (!bytes.exists() || bytes.is(Type::kNull)) return true;
  if (!bytes.is(Type::kArray) || bytes.size() != token.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes.at(i).integer() != static_cast<unsigned char>(token[i])) return false;
  }
  return true;
}

bool AreDocumentedTokens(const Value& tokens) {
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    if (!IsPlainToken(tokens.at(k))) return false;
    const Value others = tokens.at(k)["top_logprobs"];
    for (std::size_t j = 0; j < others.size(); ++j) {
      if (!IsPlainToken(others.at(j))) return false;
    }
  }
  return true;
}

// True for the form of completions: lists of tokens, of their probabilities and alternatives.
bool IsTokenList(const Value& logprobs) {
  for (std::size_t i = 0; i < logprobs.size(); ++i) {
    const absl::string_view key = logprobs.key(i);
    if (key != "tokens" && key != "token_logprobs" && key != "top_logprobs" &&
        key != "text_offset") {
      return false;
    }
  }
  return logprobs["tokens"].is(Type::kArray) && logprobs["tokens"].size() > 0;
}

answers::FoundCopy CopyTokenList(const Value& logprobs, std::string field) {
  answers::FoundCopy copy;
  copy.value = logprobs;
  copy.field = std::move(field);
  const Value tokens = logprobs["tokens"];
  for (std::size_t i = 0; i < tokens.size(); ++i)
    absl::StrAppend(&copy.tokens, tokens.at(i).text());
  const Value others = logprobs["top_logprobs"];
  for (std::size_t i = 0; i < others.size(); ++i) {
    for (std::size_t k = 0; k < others.at(i).size(); ++k) {
      absl::StrAppend(&copy.alternatives, others.at(i).key(k), "\n");
    }
  }
  return copy;
}

// True when `logprobs` has the tokens of exactly one text, in the form that OpenAI documents.
bool IsDocumented(const Value& logprobs) {
  std::size_t texts = 0;
  for (std::size_t i = 0; i < logprobs.size(); ++i) {
    const Value tokens = logprobs.at(i);
    if (tokens.is(Type::kNull) || (tokens.is(Type::kArray) && tokens.size() == 0)) continue;
    if (logprobs.key(i) != "content" && logprobs.key(i) != "refusal") return false;
    ++texts;
    if (!AreDocumentedTokens(tokens)) return false;
  }
  return texts == 1;
}

answers::FoundCopy MakeCopy(const Value& value, const Value& tokens, std::string field) {
  answers::FoundCopy copy;
  copy.value = value;
  copy.field = std::move(field);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    absl::StrAppend(&copy.tokens, tokens.at(i)["token"].text());
    const Value others = tokens.at(i)["top_logprobs"];
    for (std::size_t k = 0; k < others.size(); ++k) {
      absl::StrAppend(&copy.alternatives, others.at(k)["token"].text(), "\n");
    }
  }
  return copy;
}

}  // namespace

answers::FoundCopy ReadTokens(const Value& tokens, std::string field) {
  answers::FoundCopy copy;
  copy.value = tokens;
  if (tokens.is(Type::kArray) && AreDocumentedTokens(tokens)) {
    copy = MakeCopy(tokens, tokens, std::move(field));
  }
  copy.replacement = "[]";
  return copy;
}

answers::FoundCopy ReadLogprobs(const Value& logprobs, const std::string& prefix) {
  if (IsTokenList(logprobs)) return CopyTokenList(logprobs, absl::StrCat(prefix, "//text"));
  const bool documented = IsDocumented(logprobs);
  for (const absl::string_view member : {"content", "refusal"}) {
    const Value tokens = logprobs[member];
    if (!documented || tokens.size() == 0) continue;
    return MakeCopy(logprobs, tokens, absl::StrCat(prefix, "/", member));
  }
  return answers::FoundCopy{logprobs, "", "", ""};
}

}  // namespace countersign::dialects::openai
