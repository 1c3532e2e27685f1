#include "libs/dialects/openai/openai_texts.h"

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/json_numbers.h"

namespace countersign::dialects {
namespace {

using json::Type;
using json::Value;

bool Identifies(absl::string_view key) {
  static const auto& names = *new absl::flat_hash_set<absl::string_view>{
      "id",   "object", "model", "system_fingerprint", "service_tier", "role",
      "type", "code",   "param", "finish_reason",      "index",        "native_finish_reason"};
  return names.contains(key);
}

// Names that a server gives out; they may look like anything, and callers send them back. The other
// identifying strings come from short lists and are looked at like all texts.
bool IsAssigned(absl::string_view key) {
  return key == "id" || key == "model" || key == "system_fingerprint";
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

// Members that hold the parts of one text.
bool IsPartList(absl::string_view key) {
  return key == "content" || key == "refusal" || key == "reasoning" || key == "reasoning_content" ||
         key == "reasoning_details" || key == "thinking" || key == "summary";
}

// Members of a part that carry its text.
bool IsPartText(absl::string_view key) {
  return key == "text" || key == "content" || key == "refusal" || key == "thinking" ||
         key == "reasoning" || key == "summary";
}

// Members of an event of a form that nobody knows which surely go on in the next one.
bool ContinuesAtRoot(absl::string_view key) {
  return key == "delta" || key == "text" || key == "content" || key == "completion" ||
         key == "response" || key == "output_text";
}

// Members of such an event that tell one of several texts from another (OpenAI's Responses API has
// all of them; of most forms only some).
constexpr absl::string_view kTellTextsApart[] = {"type",          "item_id",       "output_index",
                                                 "content_index", "summary_index", "index"};

// True for an event of unknown form that is not known to be complete: one whose type says delta, or
// that has none.
bool IsUnknownFragment(const Value& root) {
  if (root["choices"].exists() || root["error"].exists()) return false;
  return !root["type"].exists() || absl::StrContains(root["type"].text(), "delta");
}

class Walker {
 public:
  Walker(FoundTexts& found, absl::string_view source, bool continuing)
      : found_(found), source_(source), continuing_(continuing) {}

  void WalkRoot(const Value& root) {
    if (!root.is(Type::kObject)) {
      WalkWhole("", root);
      return;
    }
    bool bare = root["choices"].is(Type::kArray) && root["choices"].size() > 0;
    const std::string own = absl::StrCat("//", continuing_ ? TellApart(root) : "");
    const bool fragments = continuing_ && IsUnknownFragment(root);
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
      } else if (continuing_ && value.is(Type::kObject) && key == "delta") {
        WalkMembers(value, absl::StrCat(own, key), -1, {Step{std::string(key)}}, true);
        bare = false;
      } else if (continuing_ && value.is(Type::kString) && ContinuesAtRoot(key)) {
        AddText(value, absl::StrCat(own, key), true, -1, {Step{std::string(key)}}, false);
        bare = false;
      } else if (fragments) {
        WalkFragment(key, value, absl::StrCat(own, key), {Step{std::string(key)}});
        bare = false;
      } else {
        bare &= value.is(Type::kNull) || Identifies(key) || key == "created";
        WalkWhole(key, value, key == "usage");
      }
    }
    found_.only_texts = continuing_ && bare;
    absl::flat_hash_set<absl::string_view> seen;
    for (auto text = found_.texts.rbegin(); text != found_.texts.rend(); ++text) {
      if (text->continues) text->last = seen.insert(text->field).second;
    }
  }

 private:
  // What the names of the event's texts begin with. Texts that take turns are texts of their own.
  std::string TellApart(const Value& root) {
    std::string own;
    if (root["choices"].exists()) return own;
    for (const absl::string_view key : kTellTextsApart) {
      const Value value = root[key];
      const absl::string_view literal = source_.substr(value.begin(), value.end() - value.begin());
      if (value.is(Type::kString)) {
        absl::StrAppend(&own, value.text(), "/");
      } else if (value.is(Type::kNumber)) {
        absl::StrAppend(&own, NumberText(literal), "/");
      }
      // What is still held when the stream ends leaves beside them, if they are surely no texts.
      if (key == "type" ? IsEventType(value) : value.integer() && IsShortNumber(literal)) {
        absl::StrAppend(&found_.beside, "\"", key, "\":", literal, ",");
      }
    }
    return own;
  }

  static bool IsEventType(const Value& type) {
    const absl::string_view text = type.text();
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
      return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    });
  }

  // True when the choice carries nothing but texts that continue.
  bool WalkChoice(const Value& choice, std::int64_t position) {
    if (!choice.is(Type::kObject)) {
      WalkWhole("", choice);
      return false;
    }
    const std::int64_t index =
        Number(choice["index"], kChoiceNumbered, kChoiceCounted).value_or(position);
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
          AddText(value, absl::StrCat(prefix, "//", key), true, index, {Step{std::string(key)}},
                  false);
        } else {
          WalkWhole(key, value);
        }
      }
    }
    return bare;
  }

  // What `index` says; nothing where there is none, or none that all readers agree on.
  std::optional<std::int64_t> Number(const Value& index, Numbering numbered, Numbering counted) {
    const auto number = index.integer();
    const bool is_number = number && *number >= 0;
    found_.numbering |= is_number ? numbered : counted;
    if (is_number) return number;
    found_.misnumbered |= index.exists() && !index.is(Type::kNull);
    return std::nullopt;
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
        } else {
          AddText(value, field, !whole, choice, std::move(here));
        }
      } else if (value.is(Type::kObject)) {
        bare &= WalkMembers(value, field, choice, here, continues);
      } else if (value.is(Type::kArray)) {
        bare &= WalkElements(value, field, choice, here, continues);
      } else {
        bare &= value.is(Type::kNull) || (key == "index" && !path.empty());
        WalkWhole(key, value);
      }
    }
    return bare;
  }

  // Elements that say which one they continue do so, and tool calls without an index are counted.
  // The texts of parts without one continue each other. Other elements are whole.
  bool WalkElements(const Value& array, const std::string& prefix, std::int64_t choice,
                    const std::vector<Step>& path, bool continues) {
    const std::string& name = path.back().key;
    bool bare = true;
    for (std::size_t i = 0; i < array.size(); ++i) {
      const Value element = array.at(i);
      auto index = name == "tool_calls" ? Number(element["index"], kCallNumbered, kCallCounted)
                                        : element["index"].integer();
      if (!index && name == "tool_calls") index = static_cast<std::int64_t>(i);
      std::vector<Step> here = path;
      if (element.is(Type::kObject) && continues && index && *index >= 0) {
        here.back().index = *index;
        bare &= WalkMembers(element, absl::StrCat(prefix, "/", *index), choice, here, true);
        continue;
      }
      here.back().part = true;
      if ((continues || IsPartList(name)) && element.is(Type::kString)) {
        AddText(element, prefix, true, choice, here);
      } else if ((continues || IsPartList(name)) && element.is(Type::kObject)) {
        bare &= WalkPart(element, prefix, choice, here, continues);
      } else {
        WalkWhole("", element);
        bare = false;
      }
    }
    return bare;
  }

  bool WalkPart(const Value& part, const std::string& prefix, std::int64_t choice,
                std::vector<Step> path, bool continues) {
    bool bare = true;
    // What is still held of the text leaves in a part of the same type, if that is a known one.
    const absl::string_view type = part["type"].text();
    if (type == "text" || type == "output_text" || type == "refusal" || type == "thinking") {
      path.back().type = std::string(type);
    }
    for (std::size_t i = 0; i < part.size(); ++i) {
      const absl::string_view key = part.key(i);
      const Value value = part.at(i);
      Name(key);
      std::vector<Step> here = path;
      here.push_back(Step{std::string(key)});
      if (value.is(Type::kString) && IsPartText(key)) {
        // A content may come as a string now and as parts then: it is one text all the same.
        AddText(value, key == "text" ? prefix : absl::StrCat(prefix, "/", key), true, choice,
                std::move(here));
      } else if (value.is(Type::kArray) && IsPartText(key)) {
        bare &= WalkElements(value, absl::StrCat(prefix, "/", key), choice, here, continues);
      } else {
        bare &= value.is(Type::kNull) || Identifies(key);
        WalkWhole(key, value);
      }
    }
    return bare;
  }

  void AddText(const Value& value, std::string field, bool continues, std::int64_t choice,
               std::vector<Step> path, bool in_delta = true) {
    if (value.text().empty()) return;
    FoundText text;
    text.value = value;
    text.field = std::move(field);
    text.continues = continues;
    text.choice = choice;
    text.path = std::move(path);
    text.in_delta = in_delta;
    found_.texts.push_back(std::move(text));
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

  // A member of an event of unknown form, which is a piece of something: texts by their names go on
  // in the same place of the next one.
  void WalkFragment(absl::string_view key, const Value& value, const std::string& field,
                    const std::vector<Step>& path) {
    if (value.is(Type::kString) && (ContinuesAtRoot(key) || IsPartText(key))) {
      AddText(value, field, true, -1, path, false);
    } else if (value.is(Type::kObject)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        std::vector<Step> here = path;
        here.push_back(Step{std::string(value.key(i))});
        Name(value.key(i));
        WalkFragment(value.key(i), value.at(i), absl::StrCat(field, "/", value.key(i)), here);
      }
    } else if (value.is(Type::kArray)) {
      std::vector<Step> here = path;
      here.back().part = true;
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (value.at(i).is(Type::kObject)) {
          WalkFragment(key, value.at(i), absl::StrCat(field, "/", i), here);
        } else {
          WalkWhole(key, value.at(i));
        }
      }
    } else {
      WalkWhole(key, value, key == "usage");
    }
  }

  // Everything below `value` is complete as it stands. `counts`: its numbers are the protocol's.
  void WalkWhole(absl::string_view key, const Value& value, bool counts = false) {
    if (value.is(Type::kString)) {
      const bool assigned = IsAssigned(key) && LooksLikeIdentifier(value.text());
      if (!assigned) AddText(value, std::string(key), false, -1, {});
    } else if (value.is(Type::kNumber)) {
      const absl::string_view literal = source_.substr(value.begin(), value.end() - value.begin());
      if ((counts || Identifies(key) || key == "created") && IsShortNumber(literal)) return;
      FoundText text;
      text.value = value;
      text.field = std::string(key);
      text.number = NumberText(literal);
      found_.texts.push_back(std::move(text));
    } else if (value.is(Type::kArray)) {
      for (std::size_t i = 0; i < value.size(); ++i) WalkWhole(key, value.at(i), counts);
    } else if (value.is(Type::kObject)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        Name(value.key(i));
        WalkWhole(value.key(i), value.at(i), counts);
      }
    }
  }

  void Name(absl::string_view key) {
    if (!IsKnownName(key)) found_.names.push_back(key);
  }

  FoundTexts& found_;
  const absl::string_view source_;
  const bool continuing_;
};

}  // namespace

bool LooksLikeIdentifier(absl::string_view text) {
  return text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.' || c == ':' || c == '/' || c == '+';
         });
}

FoundTexts TextsOfChunk(const Value& root, absl::string_view source) {
  FoundTexts found;
  Walker(found, source, true).WalkRoot(root);
  return found;
}

FoundTexts TextsOfBody(const Value& root, absl::string_view source) {
  FoundTexts found;
  Walker(found, source, false).WalkRoot(root);
  return found;
}

}  // namespace countersign::dialects
