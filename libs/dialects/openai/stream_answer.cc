#include "libs/dialects/openai/stream_answer.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/dialects/openai/known_answers.h"
#include "libs/dialects/openai/text_members.h"
#include "libs/dialects/openai/usage.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai {
namespace {

using json::Type;
using json::Value;

constexpr std::int64_t kMaxCreated = 100'000'000'000;  // seconds since 1970; about the year 5138
constexpr absl::string_view kDone = "[DONE]";

bool IsEmpty(const Value& value) {
  if (value.is(Type::kString)) return value.text().empty();
  return !value.exists() || value.is(Type::kNull) ||
         ((value.is(Type::kArray) || value.is(Type::kObject)) && value.size() == 0);
}

// True when a choice has more of its message than the role.
bool HasContent(const Value& choice) {
  const Value delta = choice["delta"];
  for (std::size_t i = 0; i < delta.size(); ++i) {
    if (delta.key(i) != "role" && !IsEmpty(delta.at(i))) return true;
  }
  return !IsEmpty(choice["message"]) || !IsEmpty(choice["text"]);
}

answers::GroupProgress ReadProgress(const Value& choice, std::size_t position) {
  using State = answers::GroupProgress::State;
  answers::GroupProgress progress;
  const auto index = choice["index"].integer();
  progress.group = index && *index >= 0 ? *index : static_cast<std::int64_t>(position);
  if (IsFinishReason(choice["finish_reason"])) {
    progress.state = State::kFinished;
  } else if (HasContent(choice)) {
    progress.state = State::kContinues;
  }
  return progress;
}

}  // namespace

bool ChunkGrammar::IsBareEndMarker(absl::string_view data) const {
  return absl::StripAsciiWhitespace(data) == kDone;
}

bool ChunkGrammar::IsKnownEventName(absl::string_view fields) const {
  return openai::IsKnownEventName(fields);
}

bool ChunkGrammar::IsKnownEvent(const Value& root) const { return IsKnownChunk(root); }

answers::EventRole ChunkGrammar::Classify(const Value& root, Usage& usage) const {
  ReadUsage(root["usage"], usage);
  const Value error = root["error"];
  const Value choices = root["choices"];
  answers::EventRole role;
  role.is_error = error.exists() && !error.is(Type::kNull);
  role.is_usage =
      choices.is(Type::kArray) && choices.size() == 0 && root["usage"].is(Type::kObject);
  for (std::size_t i = 0; i < choices.size() && choices.is(Type::kArray); ++i) {
    role.groups.push_back(ReadProgress(choices.at(i), i));
  }
  return role;
}

absl::StatusOr<answers::FoundTexts> ChunkGrammar::FindTexts(const Value& root,
                                                            absl::string_view data) {
  ChunkTexts texts = FindChunkTexts(root, data);
  numbering_.Merge(texts.numbering);
  if (!numbering_.consistent()) {
    return absl::UnavailableError(
        "the upstream's stream does not number its choices and calls 0, 1, 2");
  }
  return std::move(texts.found);
}

// An event of another kind, without choices, has no envelope of a chunk.
bool ChunkGrammar::ObserveMasked(const Value& root, absl::string_view data) {
  if (!root["choices"].is(Type::kArray)) return false;
  const auto may_stay = [](absl::string_view key, const Value& value) {
    if (key == "created") return value.integer() && *value.integer() < kMaxCreated;
    if (key == "object") return value.text() == "chat.completion.chunk";
    return value.is(Type::kString) && answers::LooksLikeIdentifier(value.text());
  };
  for (const absl::string_view key : {"id", "object", "created", "model", "system_fingerprint"}) {
    const Value value = root[key];
    if (!may_stay(key, value)) continue;
    absl::StrAppend(&envelope_, json::Quote(key), ":",
                    data.substr(value.begin(), value.end() - value.begin()), ",");
  }
  return true;
}

std::string ChunkGrammar::WriteEndMarker() const { return sse::FormatEvent(kDone); }

std::string ChunkGrammar::WriteText(const answers::OpenText& open, absl::string_view text) const {
  const std::string members = WriteMembers(open.path, text);
  if (open.group == answers::kNoGroup) {
    return sse::FormatEvent(absl::StrCat("{", envelope_, open.discriminators, members, "}"));
  }
  const std::string choice = open.container.empty()
                                 ? absl::StrCat("\"delta\":{},", members)
                                 : absl::StrCat("\"", open.container, "\":{", members, "}");
  return sse::FormatEvent(absl::StrCat("{", envelope_, "\"choices\":[{\"index\":", open.group, ",",
                                       choice, ",\"finish_reason\":null}]}"));
}

StreamAnswer::StreamAnswer(Options options)
    : EventStreamAnswer(std::make_unique<ChunkGrammar>(), options) {}

}  // namespace countersign::dialects::openai
