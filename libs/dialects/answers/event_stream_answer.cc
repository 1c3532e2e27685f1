#include "libs/dialects/answers/event_stream_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/answers/answer_json.h"
#include "libs/json/any_json.h"

namespace countersign::dialects::answers {
namespace {

using json::Value;

constexpr std::size_t kMaxOpenTexts = 1024;
constexpr std::size_t kMaxGroups = 1024;
constexpr std::size_t kMaxEndedGroups = 4096;

absl::Status BrokenStream(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("the upstream's stream ", what));
}

absl::StatusOr<json::Document> ParseData(sse::Event& event) {
  absl::StatusOr<AnswerJson> json = ParseAnswerJson(event.data);
  // The parser's message would quote the answer, which may not be revealed.
  if (!json.ok()) return BrokenStream("is not JSON");
  if (json->source == AnswerJson::Source::kSameLength) {
    for (std::size_t at = 0; at < event.data.size(); ++at) {
      if (event.data[at] != '\n') event.raw[event.InRaw(at)] = event.data[at];
    }
  } else if (json->source == AnswerJson::Source::kRewritten) {
    event = sse::MakeEvent(event.fields, event.data);
  }
  return std::move(json->document);
}

}  // namespace

EventStreamAnswer::EventStreamAnswer(std::unique_ptr<EventStreamGrammar> grammar, Options options)
    : grammar_(std::move(grammar)),
      options_(options),
      parser_(options.max_event_bytes),
      intact_(options.signed_texts, options.max_event_bytes),
      finishing_(options.max_event_bytes) {}

absl::StatusOr<std::vector<domain::FieldPiece>> EventStreamAnswer::Feed(absl::string_view bytes) {
  // Everything after the final marker is ignored.
  if (done_) return std::vector<domain::FieldPiece>();
  std::vector<sse::Event> events;
  const absl::Status fed = parser_.Feed(bytes, events);
  if (!fed.ok()) return BrokenStream(absl::StrCat("is too large: ", fed.message()));
  for (sse::Event& event : events) CS_RETURN_IF_ERROR(ReadEvent(std::move(event)));
  return queue_.Take();
}

absl::StatusOr<std::vector<domain::FieldPiece>> EventStreamAnswer::Finish() {
  finished_ = true;
  if (!done_) {
    std::vector<sse::Event> events;
    parser_.Finish(events);
    for (sse::Event& event : events) CS_RETURN_IF_ERROR(ReadEvent(std::move(event)));
    if (!done_ && !failed_) {
      if (!options_.ends_with_body && !IsComplete())
        return BrokenStream("ended without its final marker");
      AddEndMarker();
    } else if (!done_) {
      EndUndecided();
    }
  }
  return queue_.Take();
}

// An upstream that reported its failure may stop there: what events wait for does not come.
void EventStreamAnswer::EndUndecided() {
  Pending end;
  end.hidden = true;
  const auto end_texts = [&](const std::vector<std::string>& fields) {
    for (const std::string& field : fields) {
      const auto open = open_texts_.find(field);
      if (open != open_texts_.end()) EndText(open, FoundTexts(), end);
    }
  };
  for (const Waiting& waiting : waiting_) end_texts(waiting.event.undecided);
  for (const Pending& pending : pending_) end_texts(pending.undecided);
  pending_.push_back(std::move(end));
}

bool EventStreamAnswer::IsComplete() const {
  return !finished_groups_.empty() && std::all_of(finished_groups_.begin(), finished_groups_.end(),
                                                  [](const auto& group) { return group.second; });
}

void EventStreamAnswer::AddEndMarker() {
  Pending pending;
  pending.event.raw = grammar_->WriteEndMarker();
  pending.event.has_data = true;
  EndStream(FoundTexts(), pending);
  pending_.push_back(std::move(pending));
}

absl::Status EventStreamAnswer::ReadEvent(sse::Event event) {
  if (done_) return absl::OkStatus();
  Pending pending;
  pending.event = std::move(event);
  if (!pending.event.fields.empty() && options_.masked) {
    if (!IsUtf8(pending.event.fields)) return BrokenStream("is not UTF-8");
    pending.fields = queue_.AddWhole(pending.event.fields);
    CS_RETURN_IF_ERROR(JoinFields(pending.event.fields, pending));
  }
  if (pending.event.has_data) {
    if (grammar_->IsBareEndMarker(pending.event.data)) {
      EndStream(FoundTexts(), pending);
    } else {
      CS_RETURN_IF_ERROR(ReadDocument(pending));
    }
  }
  pending_.push_back(std::move(pending));
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::ReadDocument(Pending& pending) {
  const bool refuse = options_.masked && options_.refuse_unknown;
  if (refuse && !grammar_->IsKnownEventName(pending.event.fields)) return UnknownAnswerError();
  CS_ASSIGN_OR_RETURN(const json::Document document, ParseData(pending.event));
  const Value root = document.root();
  if (refuse && !grammar_->IsKnownEvent(root)) return UnknownAnswerError();
  if (options_.masked && !grammar_->FitsItsName(pending.event.fields, root)) {
    return BrokenStream("names an event that is another");
  }
  const EventRole role = grammar_->Classify(root, usage_);
  failed_ |= role.is_error;
  CS_RETURN_IF_ERROR(NoteProgress(role, pending));
  pending.is_usage = role.is_usage;
  pending.hidden = options_.hide_usage && role.is_usage;
  pending.is_final = role.ends_stream;
  pending.is_error = role.is_error;
  pending.is_keep_alive = role.is_keep_alive;
  if (options_.masked && !pending.hidden) return MaskDocument(root, role.is_error, pending);
  if (!pending.hidden) CollectOutput(root, pending);
  if (pending.is_final) EndStream(FoundTexts(), pending);
  return absl::OkStatus();
}

void EventStreamAnswer::CollectOutput(const Value& root, Pending& pending) const {
  const absl::StatusOr<FoundTexts> found = grammar_->FindTexts(root, pending.event.data);
  if (!found.ok()) return;
  AddOutput(*found, pending.output);
  pending.number = found->number;
}

absl::Status EventStreamAnswer::NoteProgress(const EventRole& role, Pending& pending) {
  using State = GroupProgress::State;
  for (const GroupProgress& progress : role.groups) {
    const auto at = finished_groups_.try_emplace(progress.group, false).first;
    if (progress.state != State::kBegun) at->second = progress.state == State::kFinished;
    if (at->second) pending.finished.push_back(progress.group);
  }
  if (finished_groups_.size() > kMaxGroups) return BrokenStream("has too many groups of texts");
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::MaskDocument(const Value& root, bool is_error, Pending& pending) {
  CS_ASSIGN_OR_RETURN(FoundTexts found, grammar_->FindTexts(root, pending.event.data));
  RepeatedTexts::Outcome repeated;
  CS_RETURN_IF_ERROR(repeated_texts_.Resolve(found, queue_, repeated));
  Resolve(repeated, found, pending);
  MarkLastPieces(found);
  CS_RETURN_IF_ERROR(TrackTexts(found, pending));
  if (pending.is_final) EndStream(found, pending);
  CS_RETURN_IF_ERROR(JoinTexts(found, pending));
  CS_RETURN_IF_ERROR(mixed_parts_.Add(found, queue_, pending.mixed));
  AddIdentifierParts(found, queue_);
  if (is_error) AddDecodedViews(found, queue_);
  pending.mask.emplace(found, queue_, [&](const FoundText& text) {
    return text.last && (done_ || (!text.at_unknown_place && ended_groups_.contains(text.group)));
  });
  pending.only_continuing = found.only_continuing;
  pending.number = found.number;
  pending.observe = found.observe;
  pending.has_signature = found.has_signature;
  return absl::OkStatus();
}

void EventStreamAnswer::Resolve(const RepeatedTexts::Outcome& outcome, const FoundTexts& found,
                                Pending& pending) {
  pending.undecided = outcome.opened_fields;
  pending.decided = outcome.continued_fields;
  for (const std::string& field : outcome.ended_fields) {
    const auto open = open_texts_.find(field);
    if (open != open_texts_.end()) EndText(open, found, pending);
  }
  for (const std::string& field : outcome.dropped_fields) {
    if (open_texts_.erase(field) > 0) queue_.Add(field, "", true);
    pending.decided.push_back(field);
  }
}

absl::Status EventStreamAnswer::TrackTexts(const FoundTexts& found, Pending& pending) {
  for (const FoundText& text : found.texts) {
    if (!text.continues()) continue;
    if (!text.at_unknown_place && ended_groups_.contains(text.group)) {
      return BrokenStream("continues what has ended");
    }
    OpenText& open = open_texts_[text.field];
    open.group = text.group;
    open.container = text.container;
    open.path = text.path;
    open.discriminators = text.group == kNoGroup ? found.discriminators : "";
    open.at_unknown_place = text.at_unknown_place;
    open.numbered = found.number.has_value();
    if (text.intact) intact_.NotePlace(text.field, open);
  }
  if (open_texts_.size() > kMaxOpenTexts) {
    return BrokenStream("has too many texts at once");
  }
  for (const std::int64_t group : found.ended_groups) {
    EndGroup(group, found, pending);
    ended_groups_.insert(group);
  }
  if (ended_groups_.size() > kMaxEndedGroups) return BrokenStream("has too many groups of texts");
  return absl::OkStatus();
}

// A joined text is sent as it arrives. An identifier that completes a match is masked; it is an
// error if another text does.
absl::Status EventStreamAnswer::JoinTexts(FoundTexts& found, Pending& pending) {
  using Kind = JoinedValues::Kind;
  for (FoundText& text : found.texts) {
    const Kind kind = text.may_count ? Kind::kNumber : Kind::kString;
    if (text.continuation == Continuation::kJoined) {
      CS_ASSIGN_OR_RETURN(const auto joined,
                          joined_values_.Add(text.field, text.text(), kind, queue_));
      for (const JoinedPiece& piece : joined) pending.joined.push_back(piece.piece);
    } else if (!text.place.empty()) {
      CS_ASSIGN_OR_RETURN(text.joined, joined_values_.Add(text.place, text.text(), kind, queue_));
    }
  }
  return absl::OkStatus();
}

// Comments, and the values of one field, may be read as one text.
absl::Status EventStreamAnswer::JoinFields(absl::string_view fields, Pending& pending) {
  for (absl::string_view line : absl::StrSplit(fields, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    absl::string_view value = parts.second;
    absl::ConsumePrefix(&value, " ");
    const bool known = parts.first == "id" || parts.first == "event" || parts.first.empty();
    CS_ASSIGN_OR_RETURN(const auto asked,
                        joined_values_.Add(absl::StrCat("line/", known ? parts.first : "other"),
                                           value, JoinedValues::Kind::kString, queue_));
    pending.joined_fields.insert(pending.joined_fields.end(), asked.begin(), asked.end());
  }
  return absl::OkStatus();
}

// Ends the text. If `found` continues it, it ends with its last piece there.
EventStreamAnswer::OpenTexts::iterator EventStreamAnswer::EndText(OpenTexts::iterator at,
                                                                  const FoundTexts& found,
                                                                  Pending& pending) {
  const bool here = std::any_of(found.texts.begin(), found.texts.end(), [&](const FoundText& text) {
    return text.continues() && text.field == at->first;
  });
  if (!here) {
    const std::size_t piece = queue_.Add(at->first, "", true);
    HeldText held{piece, at->first, std::move(at->second), std::nullopt};
    if (repeated_texts_.IsGrowing(at->first)) {
      held.grown = queue_.Add(GrowthField(at->first), "", true);
    }
    pending.held_texts.push_back(std::move(held));
  }
  return open_texts_.erase(at);
}

void EventStreamAnswer::EndGroup(std::int64_t group, const FoundTexts& found, Pending& pending) {
  for (auto at = open_texts_.begin(); at != open_texts_.end();) {
    const bool ends = at->second.group == group && !at->second.at_unknown_place;
    at = ends ? EndText(at, found, pending) : std::next(at);
  }
}

void EventStreamAnswer::EndStream(const FoundTexts& found, Pending& pending) {
  done_ = true;
  pending.is_final = true;
  while (!open_texts_.empty()) EndText(open_texts_.begin(), found, pending);
}

}  // namespace countersign::dialects::answers
