#include "libs/dialects/anthropic/stream_answer.h"

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/dialects/anthropic/answer_texts.h"
#include "libs/dialects/anthropic/member_names.h"
#include "libs/dialects/anthropic/usage.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/writer.h"

namespace countersign::dialects::anthropic {
namespace {

using answers::Step;
using json::Type;
using json::Value;

// `text` at the end of `path`, as JSON members.
std::string AtPath(const std::vector<Step>& path, std::size_t at, absl::string_view text) {
  const Step& step = path[at];
  const bool leaf = at + 1 == path.size();
  std::string value;
  if (leaf) {
    value = json::Quote(text);
  } else {
    const std::string type =
        step.type.empty() ? "" : absl::StrCat("\"type\":", json::Quote(step.type), ",");
    value = absl::StrCat("{", type, AtPath(path, at + 1, text), "}");
  }
  if (step.part) value = absl::StrCat("[", value, "]");
  return absl::StrCat(json::Quote(step.key), ":", value);
}

// The event's name: that of the last such line.
absl::string_view FindEventName(absl::string_view fields) {
  absl::string_view name;
  for (absl::string_view line : absl::StrSplit(fields, '\n')) {
    if (!absl::ConsumePrefix(&line, "event")) continue;
    if (!line.empty() && !absl::ConsumePrefix(&line, ":")) continue;  // another field
    absl::ConsumePrefix(&line, " ");
    name = line;
  }
  return name;
}

}  // namespace

bool EventGrammar::IsKnownEventName(absl::string_view fields) const {
  const absl::string_view name = FindEventName(fields);
  return name.empty() || IsEventType(name);
}

bool EventGrammar::FitsItsName(absl::string_view fields, const Value& root) const {
  return FindEventName(fields) == root["type"].text();
}

bool EventGrammar::IsKnownEvent(const Value& root) const {
  const absl::string_view type = root["type"].text();
  if (type == "content_block_delta") return IsDeltaType(root["delta"]["type"].text());
  if (type == "content_block_start") return IsBlockType(root["content_block"]["type"].text());
  return IsEventType(type);
}

answers::EventRole EventGrammar::Classify(const Value& root, Usage& usage) const {
  ReadUsage(root["usage"], usage);
  ReadUsage(root["message"]["usage"], usage);
  const absl::string_view type = root["type"].text();
  answers::EventRole role;
  role.ends_stream = type == "message_stop";
  role.is_error = type == "error";
  role.is_keep_alive = type == "ping" && root.size() == 1;
  return role;
}

absl::StatusOr<answers::FoundTexts> EventGrammar::FindTexts(const Value& root,
                                                            absl::string_view data) {
  return FindEventTexts(root, data);
}

std::string EventGrammar::WriteEndMarker() const {
  return sse::FormatEvent(R"({"type":"message_stop"})", "message_stop");
}

std::string EventGrammar::WriteText(const answers::OpenText& open, absl::string_view text) const {
  std::string head = open.discriminators;
  if (open.group != answers::kNoGroup) {
    head = absl::StrCat("\"type\":", json::Quote(open.container), ",\"index\":", open.group, ",");
  }
  return sse::FormatEvent(absl::StrCat("{", head, AtPath(open.path, 0, text), "}"), open.container);
}

StreamAnswer::StreamAnswer(Options options)
    : EventStreamAnswer(std::make_unique<EventGrammar>(), options) {}

}  // namespace countersign::dialects::anthropic
