#include "libs/dialects/openai/responses/stream_grammar.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/answer_texts.h"
#include "libs/dialects/openai/logprobs.h"
#include "libs/dialects/openai/text_members.h"
#include "libs/dialects/openai/usage.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/numbers.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai::responses {
namespace {

using answers::FoundTexts;
using json::Type;
using json::Value;

constexpr std::int64_t kNoIndex = -1;
// Groups of unknown events are choices, which are numbered from 0.
constexpr std::int64_t kFirstGroup = std::int64_t{1} << 32;
constexpr absl::string_view kDelta = "delta";
// What a piece's event may have beside its text, to be dropped with it.
constexpr absl::string_view kPieceMembers[] = {
    "type",          "item_id",         "output_index", "content_index", "summary_index",
    "command_index", "sequence_number", "delta",        "logprobs",      "obfuscation"};
// Those of them that say which text the piece continues.
constexpr absl::string_view kIndexes[] = {"output_index", "content_index", "summary_index",
                                          "command_index"};

absl::Status Ambiguous() {
  return absl::UnavailableError(
      "the upstream's stream does not number its items and parts 0, 1, 2, each with its id");
}

// kNoIndex when it is absent.
absl::StatusOr<std::int64_t> ReadIndex(const Value& index) {
  if (!index.exists() || index.is(Type::kNull)) return kNoIndex;
  const auto number = index.integer();
  if (!number || *number < 0) return Ambiguous();
  return *number;
}

// The place of an element, or of an item, in the response.
std::string ElementField(const Value& root, absl::string_view list, absl::string_view index) {
  const std::string item =
      absl::StrCat("output/", ReadIndex(root["output_index"]).value_or(kNoIndex));
  if (list.empty()) return item;
  return absl::StrCat(item, "/", list, "/", ReadIndex(root[index]).value_or(kNoIndex));
}

bool IsPieceOnly(const Value& root) {
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (std::find(std::begin(kPieceMembers), std::end(kPieceMembers), root.key(i)) ==
        std::end(kPieceMembers)) {
      return false;
    }
  }
  return true;
}

std::optional<answers::EventNumber> ReadNumber(const Value& root, absl::string_view data) {
  const Value number = root["sequence_number"];
  const auto value = number.integer();
  const absl::string_view literal = data.substr(number.begin(), number.end() - number.begin());
  if (!value || *value < 0 || !json::IsShortNumber(literal)) return std::nullopt;
  return answers::EventNumber{*value, number.begin(), number.end()};
}

bool IsPart(absl::string_view type) {
  return absl::EndsWith(type, "_part.added") || absl::EndsWith(type, "_part.done");
}

// Where in the response the value of a member of an event stands.
std::string MemberField(const Value& root, absl::string_view type, absl::string_view key) {
  if (key == "response") return "";
  if (key == "item") return ElementField(root, "", "");
  if (key == "part" && IsPart(type)) {
    return absl::StrContains(type, "summary") ? ElementField(root, "summary", "summary_index")
                                              : ElementField(root, "content", "content_index");
  }
  return std::string(key);
}

}  // namespace

bool StreamGrammar::IsKnownEventName(absl::string_view fields) const {
  return responses::IsKnownEventName(fields);
}

bool StreamGrammar::IsKnownEvent(const Value& root) const { return responses::IsKnownEvent(root); }

answers::EventRole StreamGrammar::Classify(const Value& root, Usage& usage) const {
  const absl::string_view type = root["type"].text();
  ReadUsage(root["response"]["usage"], usage);
  const Value error = root["error"];
  answers::EventRole role;
  role.ends_stream = EndsStream(type);
  role.is_error =
      type == "error" || type == "response.failed" || (error.exists() && !error.is(Type::kNull));
  return role;
}

absl::StatusOr<FoundTexts> StreamGrammar::FindTexts(const Value& root, absl::string_view data) {
  FoundTexts found;
  if (responses::IsKnownEvent(root)) {
    CS_RETURN_IF_ERROR(WalkEvent(root, data, found));
  } else {
    found = FindChunkTexts(root, data, AnswerMemberNames()).found;
  }
  found.number = ReadNumber(root, data);
  return found;
}

absl::Status StreamGrammar::WalkEvent(const Value& root, absl::string_view data,
                                      FoundTexts& found) {
  const absl::string_view type = root["type"].text();
  ItemWalker walker(data, type, &sent_, found);
  bool done = false;
  const StreamedText* const text = FindStreamedText(type, done);
  std::string field;
  if (text != nullptr) {
    CS_ASSIGN_OR_RETURN(field, FindField(*text, root));
  }
  for (std::size_t i = 0; i < root.size(); ++i) {
    const absl::string_view key = root.key(i);
    const Value value = root.at(i);
    walker.AddName(key);
    if (key == "obfuscation" && value.is(Type::kString) &&
        answers::LooksLikeIdentifier(value.text())) {
      found.padding.push_back(value);
    } else if (text != nullptr && !done && key == kDelta && value.is(Type::kString)) {
      CS_RETURN_IF_ERROR(AddPiece(*text, field, root, found));
    } else if (text != nullptr && key == "logprobs" && value.is(Type::kArray)) {
      if (value.size() > 0) {
        // A whole text that was sent in pieces is a copy of them by now.
        const bool copy = done && sent_.contains(field);
        found.copies.push_back(ReadTokens(value, copy ? answers::CopyField(field) : field));
      }
    } else if (text != nullptr && done && key == text->member && value.is(Type::kString)) {
      walker.AddModelText(value, field, "");
    } else {
      walker.Walk(key, value, "", MemberField(root, type, key));
    }
  }
  if (done && text != nullptr) EndTexts(field, found);
  if (absl::EndsWith(type, "_part.done")) EndTexts(MemberField(root, type, "part") + "/", found);
  if (type == "response.output_item.done") EndTexts(ElementField(root, "", "") + "/", found);
  return absl::OkStatus();
}

absl::StatusOr<std::string> StreamGrammar::FindField(const StreamedText& text,
                                                     const Value& root) const {
  for (const absl::string_view index : kIndexes) {
    CS_RETURN_IF_ERROR(ReadIndex(root[index]).status());
  }
  std::string field = ElementField(root, text.list, text.index);
  if (!text.path.empty()) absl::StrAppend(&field, "/", text.path);
  return field;
}

absl::Status StreamGrammar::AddPiece(const StreamedText& text, const std::string& field,
                                     const Value& root, FoundTexts& found) {
  const Value delta = root[kDelta];
  if (delta.text().empty()) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(Text* const known, FindText(field, root, found));
  answers::FoundText& piece = found.texts.emplace_back();
  piece.value = delta;
  piece.field = field;
  piece.continuation = answers::Continuation::kContinues;
  piece.group = known->group;
  piece.path = {answers::Step{std::string(kDelta)}};
  piece.is_output = true;
  if (text.joined) piece.parts = absl::StrCat("pieces/", text.name);
  found.only_continuing = IsPieceOnly(root);
  sent_.insert(field);
  return absl::OkStatus();
}

absl::StatusOr<StreamGrammar::Text*> StreamGrammar::FindText(const std::string& field,
                                                             const Value& root, FoundTexts& found) {
  const auto [at, is_new] = texts_.try_emplace(field);
  Text& text = at->second;
  if (is_new) {
    text.group = kFirstGroup + static_cast<std::int64_t>(texts_.size());
    text.type = std::string(root["type"].text());
    text.item_id = std::string(root["item_id"].text());
    fields_.emplace(text.group, field);
    found.observe = true;
  }
  CS_RETURN_IF_ERROR(CheckItem(root, text));
  return &text;
}

// Some callers tell items apart by their ids, others by their positions.
absl::Status StreamGrammar::CheckItem(const Value& root, const Text& text) {
  const Value id = root["item_id"];
  if (id.text() != text.item_id || root["type"].text() != text.type) return Ambiguous();
  if (!id.is(Type::kString)) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(const std::int64_t index, ReadIndex(root["output_index"]));
  const auto at = item_indexes_.try_emplace(text.item_id, index).first;
  return at->second == index ? absl::OkStatus() : Ambiguous();
}

void StreamGrammar::EndTexts(const std::string& prefix, FoundTexts& found) {
  for (auto at = texts_.lower_bound(prefix); at != texts_.end(); ++at) {
    if (!absl::StartsWith(at->first, prefix)) break;
    const bool exact = at->first == prefix || absl::EndsWith(prefix, "/");
    if (!exact || std::exchange(at->second.ended, true)) continue;
    found.ended_groups.push_back(at->second.group);
  }
}

bool StreamGrammar::ObserveMasked(const Value& root, absl::string_view data) {
  bool done = false;
  const StreamedText* const kind = FindStreamedText(root["type"].text(), done);
  if (kind == nullptr || done) return true;
  const absl::StatusOr<std::string> field = FindField(*kind, root);
  const auto text = field.ok() ? texts_.find(*field) : texts_.end();
  if (text == texts_.end()) return true;
  std::string& members = text->second.members;
  members.clear();
  for (const absl::string_view key :
       {"item_id", "output_index", "content_index", "summary_index", "command_index"}) {
    const Value value = root[key];
    if (!value.is(Type::kString) && !value.is(Type::kNumber)) continue;
    absl::StrAppend(&members, "\"", key,
                    "\":", data.substr(value.begin(), value.end() - value.begin()), ",");
  }
  return true;
}

std::string StreamGrammar::WriteText(const answers::OpenText& open, absl::string_view text) const {
  const std::string number =
      open.numbered ? absl::StrCat("\"sequence_number\":", open.number, ",") : "";
  const auto field = fields_.find(open.group);
  if (field == fields_.end()) {
    return sse::FormatEvent(
        absl::StrCat("{", open.discriminators, number, WriteMembers(open.path, text), "}"));
  }
  const Text& known = texts_.at(field->second);
  // Every documented event of an output text has its probabilities.
  const bool output_text = known.type == "response.output_text.delta";
  return sse::FormatEvent(
      absl::StrCat("{\"type\":", json::Quote(known.type), ",", number, known.members,
                   "\"delta\":", json::Quote(text), output_text ? ",\"logprobs\":[]}" : "}"),
      known.type);
}

}  // namespace countersign::dialects::openai::responses
