#include "libs/dialects/answers/event_stream_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/surrogates.h"

namespace countersign::dialects::answers {
namespace {

using json::Value;

constexpr std::size_t kMaxEventBytes = 8u << 20;
constexpr std::size_t kMaxOpenTexts = 1024;
constexpr std::size_t kMaxGroups = 1024;
constexpr std::size_t kMaxJoinedBytes = 256;
constexpr std::size_t kMaxWaitingEvents = 64;
constexpr std::size_t kMaxWaitingBytes = 256 * 1024;

absl::Status BrokenStream(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("the upstream's stream ", what));
}

// False when the event has no lone surrogates.
bool ReplaceLoneSurrogates(sse::Event& event) {
  const std::vector<std::size_t> lone = json::LoneSurrogates(event.data);
  for (const std::size_t at : lone) {
    json::ReplaceSurrogate(event.data, at);
    json::ReplaceSurrogate(event.raw, event.InRaw(at));
  }
  return !lone.empty();
}

absl::StatusOr<json::Document> ParseData(sse::Event& event) {
  absl::StatusOr<json::Document> document = json::Document::Parse(event.data);
  if (!document.ok() && ReplaceLoneSurrogates(event)) {
    document = json::Document::Parse(event.data);
  }
  // The parser's message would quote the answer, which may not be revealed.
  if (!document.ok()) return BrokenStream("is not strict JSON");
  return document;
}

}  // namespace

EventStreamAnswer::EventStreamAnswer(std::unique_ptr<EventStreamGrammar> grammar, Options options)
    : grammar_(std::move(grammar)), options_(options), parser_(kMaxEventBytes) {}

absl::StatusOr<std::vector<domain::FieldPiece>> EventStreamAnswer::Feed(absl::string_view bytes) {
  // Everything after the final marker is ignored.
  if (done_) return std::vector<domain::FieldPiece>();
  std::vector<sse::Event> events;
  CS_RETURN_IF_ERROR(parser_.Feed(bytes, events));
  for (sse::Event& event : events) CS_RETURN_IF_ERROR(ReadEvent(std::move(event)));
  return queue_.Take();
}

absl::StatusOr<std::vector<domain::FieldPiece>> EventStreamAnswer::Finish() {
  finished_ = true;
  if (!done_) {
    std::vector<sse::Event> events;
    parser_.Finish(events);
    for (sse::Event& event : events) CS_RETURN_IF_ERROR(ReadEvent(std::move(event)));
    if (!done_ && !failed_) return BrokenStream("ended without its final marker");
    if (!done_) EndUndecided();
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

absl::Status EventStreamAnswer::ReadEvent(sse::Event event) {
  if (done_) return absl::OkStatus();
  Pending pending;
  pending.event = std::move(event);
  if (!pending.event.fields.empty() && options_.masked) {
    if (!IsUtf8(pending.event.fields)) return BrokenStream("is not UTF-8");
    pending.fields = queue_.AddWhole(pending.event.fields);
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
  const EventRole role = grammar_->Classify(root, usage_);
  failed_ |= role.is_error;
  pending.hidden = options_.hide_usage && role.is_usage;
  pending.is_final = role.ends_stream;
  if (options_.masked && !pending.hidden) return MaskDocument(root, pending);
  if (pending.is_final) EndStream(FoundTexts(), pending);
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::MaskDocument(const Value& root, Pending& pending) {
  CS_ASSIGN_OR_RETURN(FoundTexts found, grammar_->FindTexts(root, pending.event.data));
  RepeatedTexts::Outcome repeated;
  CS_RETURN_IF_ERROR(repeated_texts_.Resolve(found, ended_groups_, queue_, repeated));
  Resolve(repeated, found, pending);
  MarkLastPieces(found);
  CS_RETURN_IF_ERROR(TrackTexts(found, pending));
  if (pending.is_final) EndStream(found, pending);
  pending.mask.emplace(found, queue_, [&](const FoundText& text) {
    return text.last && (done_ || ended_groups_.contains(text.group));
  });
  CheckJoinedTexts(found, pending);
  pending.only_continuing = found.only_continuing;
  return absl::OkStatus();
}

void EventStreamAnswer::Resolve(const RepeatedTexts::Outcome& outcome, const FoundTexts& found,
                                Pending& pending) {
  pending.joined = outcome.checks;
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
    if (ended_groups_.contains(text.group)) return BrokenStream("continues what has ended");
    OpenText& open = open_texts_[text.field];
    open.group = text.group;
    open.container = text.container;
    open.path = text.path;
    open.discriminators = text.group == kNoGroup ? found.discriminators : "";
  }
  if (open_texts_.size() + joined_texts_.size() > kMaxOpenTexts) {
    return BrokenStream("has too many texts at once");
  }
  for (const std::int64_t group : found.ended_groups) {
    EndGroup(group, found, pending);
    ended_groups_.insert(group);
  }
  if (ended_groups_.size() > kMaxGroups) return BrokenStream("has too many groups of texts");
  return absl::OkStatus();
}

// A joined text is sent as it arrives; it is an error if the whole of it must be masked.
void EventStreamAnswer::CheckJoinedTexts(const FoundTexts& found, Pending& pending) {
  for (const FoundText& text : found.texts) {
    if (text.continuation != Continuation::kJoined) continue;
    std::string& joined = joined_texts_[text.field];
    const bool more = !joined.empty();
    absl::StrAppend(&joined, text.text());
    if (!more) continue;
    if (joined.size() > kMaxJoinedBytes) joined.erase(0, joined.size() - kMaxJoinedBytes);
    if (const auto piece = queue_.AddWhole(joined)) pending.joined.push_back(*piece);
  }
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
    at = at->second.group == group ? EndText(at, found, pending) : std::next(at);
  }
}

void EventStreamAnswer::EndStream(const FoundTexts& found, Pending& pending) {
  done_ = true;
  pending.is_final = true;
  while (!open_texts_.empty()) {
    const std::int64_t group = open_texts_.begin()->second.group;
    EndGroup(group, found, pending);
  }
}

absl::StatusOr<std::vector<Delivery>> EventStreamAnswer::Release(Releases releases) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(pending_.size());
  const auto shared = std::make_shared<Releases>(std::move(releases));
  for (Pending& pending : pending_) {
    Decide(pending, *shared);
    Enqueue(std::move(pending), shared);
    while (!waiting_.empty() && !MustWait()) {
      CS_RETURN_IF_ERROR(Deliver(waiting_.front().event, *waiting_.front().releases, deliveries));
      waiting_bytes_ -= waiting_.front().event.event.raw.size();
      waiting_.pop_front();
    }
  }
  pending_.clear();
  // What may go on is lost with the answer when that breaks off, like all held text.
  for (; finished_ && !waiting_.empty(); waiting_.pop_front()) {
    CS_RETURN_IF_ERROR(Deliver(waiting_.front().event, *waiting_.front().releases, deliveries));
  }
  return deliveries;
}

// Gives waiting events the rest of their texts, as far as `pending` decides about them.
void EventStreamAnswer::Decide(const Pending& pending, Releases& releases) {
  for (const std::string& field : pending.decided) TakeUndecided(field, nullptr);
  for (const HeldText& held : pending.held_texts) {
    TakeUndecided(held.field, &releases[held.piece]);
  }
}

// Moves `rest`, if any, to the waiting event with the undecided text `field`.
void EventStreamAnswer::TakeUndecided(const std::string& field, domain::FieldRelease* rest) {
  for (Waiting& waiting : waiting_) {
    std::vector<std::string>& undecided = waiting.event.undecided;
    const auto at = std::find(undecided.begin(), undecided.end(), field);
    if (at == undecided.end()) continue;
    undecided.erase(at);
    const std::optional<std::size_t> piece = waiting.event.mask->FindPiece(field);
    if (rest == nullptr || !piece) return;
    domain::FieldRelease& begun = (*waiting.releases)[*piece];
    for (domain::MaskedSpan& span : rest->masked) {
      span.begin += begun.text.size();
      span.end += begun.text.size();
      begun.masked.push_back(std::move(span));
    }
    begun.text += rest->text;
    begun.held_after = rest->held_after;
    begun.restored |= rest->restored;
    *rest = domain::FieldRelease();
    return;
  }
}

void EventStreamAnswer::Enqueue(Pending pending, const std::shared_ptr<Releases>& releases) {
  const auto is_decided = [&](const std::string& field) {
    const std::optional<std::size_t> piece = pending.mask->FindPiece(field);
    return !piece || (*releases)[*piece].held_after == 0;
  };
  std::vector<std::string>& undecided = pending.undecided;
  undecided.erase(std::remove_if(undecided.begin(), undecided.end(), is_decided), undecided.end());
  waiting_bytes_ += pending.event.raw.size();
  waiting_.push_back(Waiting{std::move(pending), releases});
}

bool EventStreamAnswer::MustWait() const {
  return !waiting_.front().event.undecided.empty() && waiting_.size() <= kMaxWaitingEvents &&
         waiting_bytes_ <= kMaxWaitingBytes;
}

absl::StatusOr<domain::FieldRelease> EventStreamAnswer::ReleaseHeld(const HeldText& held,
                                                                    const Releases& releases) {
  const auto guard = released_texts_.guards.find(held.field);
  if (guard == released_texts_.guards.end()) return releases[held.piece];
  GrowthGuard::Releases own{releases[held.piece]};
  if (held.grown) own.ended = &releases[*held.grown];
  return guard->second.Finish(std::move(own));
}

absl::Status EventStreamAnswer::DeliverHeldTexts(const Pending& pending, const Releases& releases,
                                                 std::vector<Delivery>& deliveries) {
  for (const HeldText& held : pending.held_texts) {
    CS_ASSIGN_OR_RETURN(const domain::FieldRelease release, ReleaseHeld(held, releases));
    if (release.text.empty()) continue;
    // A text that repeats itself is sent in full again; otherwise only what was not sent yet.
    const auto known = released_texts_.by_field.find(held.field);
    std::string text = release.text;
    if (known != released_texts_.by_field.end()) {
      const ReleasedTexts::Text& before = known->second;
      const std::size_t clear = release.masked.empty() ? text.size() : release.masked.front().begin;
      text.erase(0, std::min(before.delivered, clear));
      text.insert(0, before.released);
    }
    if (text.empty()) continue;
    Delivery& delivery = deliveries.emplace_back();
    delivery.bytes = grammar_->WriteText(held.open, text);
    for (const domain::MaskedSpan& span : release.masked) {
      delivery.masked.push_back(domain::DeliveredSpan{held.field, span});
    }
  }
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::Deliver(const Pending& pending, const Releases& releases,
                                        std::vector<Delivery>& deliveries) {
  CS_RETURN_IF_ERROR(DeliverHeldTexts(pending, releases, deliveries));
  if (pending.hidden) return absl::OkStatus();
  for (const std::size_t piece : pending.joined) {
    if (!releases[piece].Unchanged()) {
      return absl::FailedPreconditionError("a text in several pieces must be masked, but was sent");
    }
  }
  Delivery delivery;
  delivery.recorded = pending.event.has_data;
  delivery.is_final = pending.is_final;
  std::vector<Edit> edits;
  if (pending.mask.has_value()) {
    CS_ASSIGN_OR_RETURN(DocumentMask::Outcome outcome,
                        pending.mask->Apply(releases, queue_, released_texts_));
    if (!observed_) CS_RETURN_IF_ERROR(Observe(pending, outcome.edits));
    if (pending.only_continuing && outcome.texts_withheld && outcome.masked.empty()) {
      return absl::OkStatus();
    }
    edits = std::move(outcome.edits);
    delivery.masked = std::move(outcome.masked);
  }
  if (pending.fields) queue_.Remember(releases[*pending.fields]);
  const bool keep_fields = !pending.fields || releases[*pending.fields].Unchanged();
  if (!keep_fields && !pending.event.has_data) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(delivery.bytes, Rewrite(pending.event, std::move(edits), keep_fields));
  deliveries.push_back(std::move(delivery));
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::Observe(const Pending& pending, std::vector<Edit> edits) {
  CS_ASSIGN_OR_RETURN(const std::string data, Splice(pending.event.data, std::move(edits)));
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(data));
  observed_ = grammar_->ObserveMasked(document.root(), data);
  return absl::OkStatus();
}

// Drops comments and other fields that must be masked.
absl::StatusOr<std::string> EventStreamAnswer::Rewrite(const sse::Event& event,
                                                       std::vector<Edit> edits,
                                                       bool keep_fields) const {
  if (!keep_fields) {
    CS_ASSIGN_OR_RETURN(const std::string data, Splice(event.data, std::move(edits)));
    return sse::FormatEvent(data);
  }
  for (Edit& edit : edits) {
    edit.begin = event.InRaw(edit.begin);
    edit.end = event.InRaw(edit.end);
  }
  return Splice(event.raw, std::move(edits));
}

}  // namespace countersign::dialects::answers
