#include "libs/dialects/anthropic/answer_texts.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/dialects/anthropic/member_names.h"
#include "libs/json/numbers.h"
#include "libs/json/writer.h"

namespace countersign::dialects::anthropic {
namespace {

using answers::Continuation;
using answers::FoundText;
using answers::FoundTexts;
using answers::kNoGroup;
using answers::Step;
using json::Type;
using json::Value;

constexpr absl::string_view kDeltaEvent = "content_block_delta";

// The names of the lists whose texts some clients join, whatever their members are called.
constexpr char kJoinedParts[] = "content";

bool IsBlockEvent(absl::string_view type) {
  return type == "content_block_start" || type == kDeltaEvent || type == "content_block_stop";
}

// Members whose numbers are read as text where a text should stand.
bool IsTextMember(absl::string_view key) {
  return key == "text" || key == "thinking" || key == "partial_json" || key == "content";
}

// True for a type that cannot be text, so that it may be repeated.
bool MayBeRepeated(absl::string_view type) {
  return !type.empty() && type.size() <= 64 && std::all_of(type.begin(), type.end(), [](char c) {
    return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '.';
  });
}

// What both walks have in common.
class TextFinder {
 public:
  TextFinder(absl::string_view source, FoundTexts& found)
      : found_(found), whole_(AnswerMemberNames(), source, found) {}

 protected:
  FoundText& AddText(const Value& value, std::string field) {
    FoundText& text = found_.texts.emplace_back();
    text.value = value;
    text.field = std::move(field);
    text.is_output = true;
    if (value.is(Type::kNumber)) text.number = json::NumberText(whole_.Literal(value));
    return text;
  }

  // The input of a tool, masked as the JSON of its pieces is.
  void AddInput(const Value& input) {
    if (input.size() == 0) return whole_.Add("input", input);
    AddText(input, "content/arguments").document = std::string(whole_.Literal(input));
  }

  FoundTexts& found_;
  answers::WholeTextFinder whole_;
};

class EventWalker : TextFinder {
 public:
  EventWalker(absl::string_view source, FoundTexts& found) : TextFinder(source, found) {}

  absl::Status Walk(const Value& root) {
    if (!root.is(Type::kObject)) {
      path_ = {Step{}};
      WalkUnknown("", root);
      return absl::OkStatus();
    }
    type_ = root["type"].text();
    const auto index = root["index"].integer();
    if (IsBlockEvent(type_)) {
      if (!index || *index < 0) {
        return absl::UnavailableError("the upstream's stream does not number its content blocks");
      }
      block_ = *index;
      if (type_ == "content_block_stop") found_.ended_groups.push_back(block_);
    } else {
      AddDiscriminators(root, index);
    }
    for (std::size_t i = 0; i < root.size(); ++i) {
      whole_.AddName(root.key(i));
      WalkMember(root.key(i), root.at(i));
    }
    found_.only_continuing = bare_delta_ && root.size() == 3;
    return absl::OkStatus();
  }

 private:
  void AddDiscriminators(const Value& root, std::optional<std::int64_t> index) {
    if (!MayBeRepeated(type_)) return;
    found_.discriminators = absl::StrCat("\"type\":", json::Quote(root["type"].text()), ",");
    if (index && json::IsShortNumber(whole_.Literal(root["index"]))) {
      absl::StrAppend(&found_.discriminators, "\"index\":", *index, ",");
    }
  }

  void WalkMember(absl::string_view key, const Value& value) {
    if (type_ == kDeltaEvent && key == "delta" && value.is(Type::kObject)) return WalkDelta(value);
    if (type_ == "content_block_start" && key == "content_block" && value.is(Type::kObject)) {
      return WalkBlock(value);
    }
    const bool once = IsEventType(type_) && type_ != "ping" && type_ != kDeltaEvent;
    if (once || key == "type" || key == "index") {
      if (key == "message" && value.is(Type::kObject)) return WalkMessage(value);
      return AddWhole(key, value, key == "usage");
    }
    path_ = {Step{std::string(key)}};
    WalkUnknown(key, value);
  }

  void WalkMessage(const Value& message) {
    for (std::size_t i = 0; i < message.size(); ++i) {
      whole_.AddName(message.key(i));
      AddWhole(message.key(i), message.at(i), message.key(i) == "usage");
    }
  }

  // The beginning of a content block. Its text and its thinking go on in deltas.
  void WalkBlock(const Value& block) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const absl::string_view key = block.key(i);
      const Value value = block.at(i);
      whole_.AddName(key);
      if (key == "signature") {
        AddSignature("content_block", value);
      } else if (key == "text" && IsText(key, value)) {
        AddPiece(key, value, "text_delta");
      } else if (key == "thinking" && IsText(key, value)) {
        AddPiece(key, value, "thinking_delta");
      } else if (key == "content" && IsText(key, value)) {
        AddPiece(key, value, "compaction_delta");
      } else if (key == "input" && value.is(Type::kObject)) {
        AddInput(value);
      } else {
        AddWhole(key, value, false, "content_block");
      }
    }
  }

  void WalkDelta(const Value& delta) {
    const std::string type(IsDeltaType(delta["type"].text()) ? delta["type"].text() : "");
    std::size_t pieces = 0;
    for (std::size_t i = 0; i < delta.size(); ++i) {
      const absl::string_view key = delta.key(i);
      const Value value = delta.at(i);
      whole_.AddName(key);
      if (key == "signature") {
        AddSignature("delta", value);
      } else if (key == "type" || key == "citation") {
        AddWhole(key, value);
      } else if (IsText(key, value)) {
        AddPiece(key, value, type);
        ++pieces;
      } else {
        path_ = {Step{"delta", -1, false, type}, Step{std::string(key)}};
        WalkUnknown(key, value);
      }
    }
    bare_delta_ = pieces == 1 && delta.size() == 2 && delta["type"].exists();
  }

  static bool IsText(absl::string_view key, const Value& value) {
    return value.is(Type::kString) || (value.is(Type::kNumber) && IsTextMember(key));
  }

  void AddSignature(absl::string_view parent, const Value& value) {
    if (value.is(Type::kString) && !value.text().empty()) found_.has_signature = true;
    if (!whole_.IsMedia(parent, "signature", value)) AddWhole("signature", value);
  }

  void AddPiece(absl::string_view key, const Value& value, absl::string_view type) {
    if (value.is(Type::kString) && value.text().empty()) return;
    const absl::string_view name = key == "partial_json" ? "arguments" : key;
    FoundText& text = AddText(value, absl::StrCat("content/", block_, "/", name));
    text.continuation = Continuation::kContinues;
    text.group = block_;
    text.container = std::string(kDeltaEvent);
    text.path = {Step{"delta", -1, false, std::string(type)}, Step{std::string(key)}};
    text.intact = key == "thinking";
    if (key != "thinking" && key != "partial_json") text.parts = kJoinedParts;
  }

  // Adds complete texts and numbers. Clients join what comes at one place.
  void AddWhole(absl::string_view key, const Value& value, bool counts = false,
                absl::string_view parent = "") {
    const std::size_t before = found_.texts.size();
    whole_.Add(key, value, counts, parent);
    for (std::size_t i = before; i < found_.texts.size(); ++i) {
      FoundText& text = found_.texts[i];
      text.place = absl::StrCat(type_, "/", block_, "/", key, "/", text.field);
      text.may_count = !text.is_string();
    }
  }

  // A member that the protocol does not have, and so without a meaning that is known.
  void WalkUnknown(absl::string_view key, const Value& value) {
    if (value.is(Type::kString)) {
      if (value.text().empty()) return;
      FoundText& text = AddText(value, Place());
      text.is_output = false;
      text.continuation = Continuation::kUnknown;
      text.group = block_;
      text.container = std::string(MayBeRepeated(type_) ? type_ : "");
      text.path = path_;
    } else if (value.is(Type::kObject)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        whole_.AddName(value.key(i));
        path_.push_back(Step{std::string(value.key(i))});
        WalkUnknown(value.key(i), value.at(i));
        path_.pop_back();
      }
    } else if (value.is(Type::kArray)) {
      path_.back().part = true;
      for (std::size_t i = 0; i < value.size(); ++i) WalkUnknown(key, value.at(i));
      path_.back().part = false;
    } else {
      AddWhole(key, value);
    }
  }

  std::string Place() const {
    std::string place = absl::StrCat("unknown/", type_, "/", block_);
    for (const Step& step : path_) absl::StrAppend(&place, "/", step.key);
    return place;
  }

  absl::string_view type_;
  std::int64_t block_ = kNoGroup;
  std::vector<Step> path_;
  bool bare_delta_ = false;
};

class DocumentWalker : TextFinder {
 public:
  DocumentWalker(absl::string_view source, FoundTexts& found) : TextFinder(source, found) {}

  // `value` is that of member `key` of member `parent`.
  void Walk(absl::string_view key, const Value& value, absl::string_view parent) {
    if (!value.is(Type::kObject)) return whole_.Add(key, value, false, parent);
    const bool message = value["type"].text() == "message" && value["content"].is(Type::kArray);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const absl::string_view name = value.key(i);
      whole_.AddName(name);
      if (name == "usage") {
        whole_.Add(name, value.at(i), true, key);
      } else if (message && name == "content") {
        WalkContent(value.at(i));
      } else {
        Walk(name, value.at(i), key);
      }
    }
  }

 private:
  void WalkContent(const Value& content) {
    for (std::size_t i = 0; i < content.size(); ++i) {
      const Value block = content.at(i);
      if (!block.is(Type::kObject)) {
        AddJoined(block);
        continue;
      }
      const bool is_signed = !block["signature"].text().empty();
      for (std::size_t k = 0; k < block.size(); ++k) {
        const absl::string_view key = block.key(k);
        const Value value = block.at(k);
        whole_.AddName(key);
        if (key == "text") {
          AddJoined(value);
        } else if (key == "thinking" && value.is(Type::kString) && !value.text().empty()) {
          AddText(value, absl::StrCat("content/", i, "/thinking")).intact = is_signed;
        } else if (key == "input" && value.is(Type::kObject)) {
          AddInput(value);
        } else {
          Walk(key, value, "content");
        }
      }
    }
  }

  // The texts of one content are often one sentence, cut where a citation begins.
  void AddJoined(const Value& value) {
    if (!value.is(Type::kString) && !value.is(Type::kNumber)) return whole_.Add("text", value);
    if (value.is(Type::kString) && value.text().empty()) return;
    AddText(value, "content/text").continuation = Continuation::kContinues;
  }
};

}  // namespace

absl::StatusOr<FoundTexts> FindEventTexts(const Value& root, absl::string_view source) {
  FoundTexts found;
  const absl::Status walked = EventWalker(source, found).Walk(root);
  if (!walked.ok()) return walked;
  return found;
}

FoundTexts FindDocumentTexts(const Value& root, absl::string_view source) {
  FoundTexts found;
  DocumentWalker(source, found).Walk("", root, "");
  answers::MarkLastPieces(found);
  return found;
}

}  // namespace countersign::dialects::anthropic
