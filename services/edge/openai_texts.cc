#include "services/edge/openai_texts.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace countersign::edge {
namespace {

using json::Type;
using json::Value;

bool Identifies(absl::string_view key) {
  static const auto& names = *new absl::flat_hash_set<absl::string_view>{
      "id",   "object", "model", "system_fingerprint", "service_tier", "role",
      "type", "code",   "param", "finish_reason",      "index",        "native_finish_reason"};
  return names.contains(key);
}

bool IsKnownName(absl::string_view key) {
  static const auto& names =
      *new absl::flat_hash_set<absl::string_view>{"choices",
                                                  "delta",
                                                  "message",
                                                  "content",
                                                  "refusal",
                                                  "reasoning_content",
                                                  "reasoning",
                                                  "tool_calls",
                                                  "function",
                                                  "function_call",
                                                  "name",
                                                  "arguments",
                                                  "logprobs",
                                                  "usage",
                                                  "created",
                                                  "error",
                                                  "data",
                                                  "owned_by",
                                                  "annotations",
                                                  "audio",
                                                  "obfuscation",
                                                  "text",
                                                  "prompt_tokens",
                                                  "completion_tokens",
                                                  "total_tokens",
                                                  "prompt_tokens_details",
                                                  "completion_tokens_details",
                                                  "cached_tokens",
                                                  "audio_tokens",
                                                  "reasoning_tokens",
                                                  "accepted_prediction_tokens",
                                                  "rejected_prediction_tokens",
                                                  "stop_reason",
                                                  "first_id",
                                                  "last_id",
                                                  "has_more",
                                                  "permission",
                                                  "root",
                                                  "parent",
                                                  "max_model_len"};
  return Identifies(key) || names.contains(key);
}

// True when `entry` is a token with its probability and nothing that could spell another text: its
// bytes, where given, are the token's own.
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

// True when `logprobs` holds the tokens of exactly one text in the form that OpenAI documents. Any
// other form could repeat what is masked.
bool IsPlainLogprobs(const Value& logprobs) {
  std::size_t texts = 0;
  for (std::size_t i = 0; i < logprobs.size(); ++i) {
    const Value tokens = logprobs.at(i);
    if (tokens.is(Type::kNull) || (tokens.is(Type::kArray) && tokens.size() == 0)) continue;
    if (logprobs.key(i) != "content" && logprobs.key(i) != "refusal") return false;
    ++texts;
    for (std::size_t k = 0; k < tokens.size(); ++k) {
      const Value others = tokens.at(k)["top_logprobs"];
      if (!IsPlainToken(tokens.at(k))) return false;
      for (std::size_t j = 0; j < others.size(); ++j) {
        if (!IsPlainToken(others.at(j))) return false;
      }
    }
  }
  return texts == 1;
}

class Walker {
 public:
  Walker(FoundTexts& found, bool continuing) : found_(found), continuing_(continuing) {}

  void WalkRoot(const Value& root) {
    if (!root.is(Type::kObject)) {
      WalkWhole("", root);
      return;
    }
    bool bare = root["choices"].is(Type::kArray) && root["choices"].size() > 0;
    for (std::size_t i = 0; i < root.size(); ++i) {
      const absl::string_view key = root.key(i);
      const Value value = root.at(i);
      Name(key);
      if (key == "choices" && value.is(Type::kArray)) {
        for (std::size_t c = 0; c < value.size(); ++c) {
          bare &= WalkChoice(value.at(c), static_cast<std::int64_t>(c));
        }
      } else if (key == "obfuscation" && value.is(Type::kString) &&
                 LooksLikeIdentifier(value.text())) {
        found_.obfuscation.push_back(value);
      } else {
        if (key == "usage" || key == "error") bare &= value.is(Type::kNull);
        WalkWhole(key, value);
      }
    }
    found_.only_texts = continuing_ && bare;
  }

 private:
  // True when the choice carries nothing but texts that continue.
  bool WalkChoice(const Value& choice, std::int64_t position) {
    if (!choice.is(Type::kObject)) {
      WalkWhole("", choice);
      return false;
    }
    const std::int64_t index = choice["index"].integer().value_or(position);
    const std::string prefix = absl::StrCat("choices/", index);
    bool bare = true;
    for (std::size_t i = 0; i < choice.size(); ++i) {
      const absl::string_view key = choice.key(i);
      const Value value = choice.at(i);
      Name(key);
      if ((key == "delta" || key == "message") && value.is(Type::kObject)) {
        bare &= WalkMembers(value, prefix, index, {}, continuing_ && key == "delta");
      } else if (key == "logprobs" && !value.is(Type::kNull)) {
        WalkLogprobs(value, prefix);
      } else {
        if (key == "finish_reason" && !value.is(Type::kNull)) {
          found_.finished.push_back(index);
          bare = false;
        }
        bare &= key == "index" || key == "logprobs" || value.is(Type::kNull);
        if (continuing_ && value.is(Type::kString) && !Identifies(key)) {
          found_.texts.push_back(FoundText{value,
                                           absl::StrCat(prefix, "//", key),
                                           true,
                                           index,
                                           {Step{std::string(key)}},
                                           false});
        } else {
          WalkWhole(key, value);
        }
      }
    }
    return bare;
  }

  // The members of a message, a tool call, a function …: strings in them continue texts. True when
  // there is nothing else in it.
  bool WalkMembers(const Value& object, const std::string& prefix, std::int64_t choice,
                   const std::vector<Step>& path, bool continues) {
    bool bare = object.size() > 0;
    for (std::size_t i = 0; i < object.size(); ++i) {
      const absl::string_view key = object.key(i);
      const Value value = object.at(i);
      Name(key);
      const std::string field = absl::StrCat(prefix, "/", key);
      std::vector<Step> here = path;
      here.push_back(Step{std::string(key)});
      // A function's name comes in one piece; its arguments do not.
      const bool whole = !continues || (key == "name" && !path.empty());
      if (value.is(Type::kString)) {
        bare &= !whole && !Identifies(key);
        if (Identifies(key)) {
          WalkWhole(key, value);
        } else if (!value.text().empty()) {
          found_.texts.push_back(FoundText{value, field, !whole, choice, std::move(here), true});
        }
      } else if (value.is(Type::kObject)) {
        bare &= WalkMembers(value, field, choice, here, continues);
      } else if (value.is(Type::kArray)) {
        bare &= WalkElements(value, field, choice, here, continues);
      } else {
        bare &= value.is(Type::kNull) || (key == "index" && !path.empty());
      }
    }
    return bare;
  }

  // Elements that say which one they continue do so; others are whole.
  bool WalkElements(const Value& array, const std::string& prefix, std::int64_t choice,
                    const std::vector<Step>& path, bool continues) {
    bool bare = true;
    for (std::size_t i = 0; i < array.size(); ++i) {
      const Value element = array.at(i);
      const auto index = element["index"].integer();
      if (element.is(Type::kObject) && continues && index && *index >= 0) {
        std::vector<Step> here = path;
        here.back().index = *index;
        bare &= WalkMembers(element, absl::StrCat(prefix, "/", *index), choice, here, true);
      } else {
        WalkWhole("", element);
        bare = false;
      }
    }
    return bare;
  }

  void WalkLogprobs(const Value& logprobs, const std::string& prefix) {
    const bool plain = IsPlainLogprobs(logprobs);
    for (const absl::string_view member : {"content", "refusal"}) {
      const Value tokens = logprobs[member];
      if (!plain || tokens.size() == 0) continue;
      FoundLogprobs found;
      found.value = logprobs;
      found.field = absl::StrCat(prefix, "/", member);
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        absl::StrAppend(&found.tokens, tokens.at(i)["token"].text());
        const Value others = tokens.at(i)["top_logprobs"];
        for (std::size_t k = 0; k < others.size(); ++k) {
          absl::StrAppend(&found.alternatives, others.at(k)["token"].text(), "\n");
        }
      }
      found_.logprobs.push_back(std::move(found));
      return;
    }
    found_.logprobs.push_back(FoundLogprobs{logprobs, "", "unknown form", ""});
  }

  // Everything below `value` is complete as it stands.
  void WalkWhole(absl::string_view key, const Value& value) {
    if (value.is(Type::kString)) {
      const bool identifier = Identifies(key) && LooksLikeIdentifier(value.text());
      if (!identifier && !value.text().empty()) {
        found_.texts.push_back(FoundText{value, std::string(key)});
      }
    } else if (value.is(Type::kArray)) {
      for (std::size_t i = 0; i < value.size(); ++i) WalkWhole(key, value.at(i));
    } else if (value.is(Type::kObject)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        Name(value.key(i));
        WalkWhole(value.key(i), value.at(i));
      }
    }
  }

  void Name(absl::string_view key) {
    if (!IsKnownName(key)) found_.names.push_back(key);
  }

  FoundTexts& found_;
  const bool continuing_;
};

}  // namespace

bool LooksLikeIdentifier(absl::string_view text) {
  return text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.' || c == ':' || c == '/' || c == '+';
         });
}

FoundTexts TextsOfChunk(const Value& root) {
  FoundTexts found;
  Walker(found, true).WalkRoot(root);
  return found;
}

FoundTexts TextsOfBody(const Value& root) {
  FoundTexts found;
  Walker(found, false).WalkRoot(root);
  return found;
}

}  // namespace countersign::edge
