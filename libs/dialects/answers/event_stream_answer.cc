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
constexpr std::size_t kMaxWaitingEvents = 64;
constexpr std::size_t kMaxWaitingBytes = 256 * 1024;

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

absl::StatusOr<std::vector<Delivery>> EventStreamAnswer::Release(Releases releases) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(pending_.size());
  const auto shared = std::make_shared<Releases>(std::move(releases));
  for (Pending& pending : pending_) {
    Decide(pending, *shared);
    Enqueue(std::move(pending), shared);
    while (!waiting_.empty() && !MustWait()) {
      Waiting& next = waiting_.front();
      waiting_bytes_ -= next.event.event.raw.size();
      CS_RETURN_IF_ERROR(Deliver(next.event, *next.releases, deliveries));
      waiting_.pop_front();
    }
  }
  // Streams are many, and wait for most of their time: no capacity is kept for the next piece.
  pending_ = std::vector<Pending>();
  // What may go on is lost with the answer when that breaks off, like all held text.
  for (; finished_ && !waiting_.empty(); waiting_.pop_front()) {
    CS_RETURN_IF_ERROR(Deliver(waiting_.front().event, *waiting_.front().releases, deliveries));
  }
  if (finished_ && intact_.waits()) {
    for (Delivery& delivery : intact_.TakeBrokenOff()) deliveries.push_back(std::move(delivery));
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

absl::StatusOr<domain::FieldRelease> EventStreamAnswer::TakeRest(const HeldText& held,
                                                                 const Releases& releases) {
  finishing_.NoteEnd(held.field);
  CS_ASSIGN_OR_RETURN(domain::FieldRelease rest, ReleaseHeld(held, releases));
  const auto known = released_texts_.by_field.find(held.field);
  if (known == released_texts_.by_field.end()) return rest;
  const std::size_t clear = rest.masked.empty() ? rest.text.size() : rest.masked.front().begin;
  rest.text.erase(0, std::min(known->second.delivered, clear));
  return rest;
}

// A text that repeats itself is sent in full again.
absl::Status EventStreamAnswer::DeliverRest(const HeldText& held, domain::FieldRelease rest,
                                            std::vector<Delivery>& deliveries) {
  if (intact_.IsIntact(held.field)) {
    if (options_.signed_texts != SignedTexts::kSendLive) {
      intact_.End(held.field, rest);
      return absl::OkStatus();
    }
    DocumentMask::Outcome outcome;
    outcome.intact.push_back({0, 0, held.field, rest});
    CS_RETURN_IF_ERROR(SendIntact(outcome));
  }
  if (rest.text.empty()) return absl::OkStatus();
  Delivery delivery;
  if (held.open.group != kNoGroup) delivery.output.push_back(OutputText{held.field, rest.text});
  const auto known = released_texts_.by_field.find(held.field);
  if (known != released_texts_.by_field.end()) rest.text.insert(0, known->second.released);
  OpenText open = held.open;
  if (open.numbered) open.number = numbers_.Add();
  delivery.bytes = grammar_->WriteText(open, rest.text);
  for (domain::MaskedSpan& span : rest.masked) {
    delivery.masked.push_back(domain::DeliveredSpan{held.field, std::move(span)});
  }
  Send(std::move(delivery), deliveries);
  return absl::OkStatus();
}

void EventStreamAnswer::Send(Delivery delivery, std::vector<Delivery>& deliveries) {
  if (intact_.waits()) {
    intact_.Add(std::move(delivery));
  } else {
    deliveries.push_back(std::move(delivery));
  }
}

absl::Status EventStreamAnswer::DeliverHeldTexts(const Pending& pending, const Releases& releases,
                                                 std::vector<Delivery>& deliveries) {
  if (pending.is_final) return DeliverFinishing(pending, releases, deliveries);
  for (const HeldText& held : pending.held_texts) {
    CS_ASSIGN_OR_RETURN(domain::FieldRelease rest, TakeRest(held, releases));
    CS_RETURN_IF_ERROR(DeliverRest(held, std::move(rest), deliveries));
  }
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::Deliver(Pending& pending, const Releases& releases,
                                        std::vector<Delivery>& deliveries) {
  CS_RETURN_IF_ERROR(DeliverHeldTexts(pending, releases, deliveries));
  if (pending.hidden) return absl::OkStatus();
  for (const std::size_t piece : pending.joined) {
    if (!releases[piece].Unchanged()) {
      return absl::FailedPreconditionError("a text in several pieces must be masked, but was sent");
    }
  }
  CS_RETURN_IF_ERROR(MixedParts::Check(pending.mixed, releases));
  MaskedEvent event;
  if (pending.mask.has_value()) {
    CS_ASSIGN_OR_RETURN(event.outcome, pending.mask->Apply(releases, queue_, released_texts_));
    if (options_.signed_texts == SignedTexts::kSendLive) {
      CS_RETURN_IF_ERROR(SendIntact(event.outcome));
    }
    if (!observed_ || pending.observe) CS_RETURN_IF_ERROR(Observe(pending, event.outcome.edits));
  } else {
    event.outcome.output = std::move(pending.output);
  }
  if (pending.fields) queue_.Remember(releases[*pending.fields]);
  event.keep_fields = (!pending.fields || releases[*pending.fields].Unchanged()) &&
                      std::none_of(pending.joined_fields.begin(), pending.joined_fields.end(),
                                   [&](const JoinedPiece& joined) {
                                     return HasMatchBeyond(releases[joined.piece], joined.before);
                                   });
  event.event = std::move(pending.event);
  event.finished = std::move(pending.finished);
  event.is_usage = pending.is_usage;
  event.number = pending.number;
  return DeliverMasked(std::move(event), pending, deliveries);
}

absl::Status EventStreamAnswer::DeliverMasked(MaskedEvent event, const Pending& pending,
                                              std::vector<Delivery>& deliveries) {
  for (MaskedEvent& ready : finishing_.Note(event.outcome)) {
    CS_ASSIGN_OR_RETURN(Delivery delivery, ToDelivery(std::move(ready), numbers_));
    Send(std::move(delivery), deliveries);
  }
  const bool withheld = event.outcome.texts_withheld && event.outcome.masked.empty();
  if (pending.only_continuing && withheld) {
    if (event.number) numbers_.Drop();
    return absl::OkStatus();
  }
  if (!event.keep_fields && !event.event.has_data) return absl::OkStatus();
  if (!pending.is_final && finishing_.MustWait(event)) return finishing_.Add(std::move(event));
  if (pending.has_signature) intact_.NoteSignature();
  if ((intact_.waits() && !pending.is_keep_alive) || !event.outcome.intact.empty()) {
    return DeliverBehindIntact(std::move(event), pending, deliveries);
  }
  CS_ASSIGN_OR_RETURN(Delivery delivery, ToDelivery(std::move(event), numbers_));
  delivery.is_final = pending.is_final;
  deliveries.push_back(std::move(delivery));
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::DeliverBehindIntact(MaskedEvent event, const Pending& pending,
                                                    std::vector<Delivery>& deliveries) {
  const auto send = [&](std::vector<Delivery> ready) {
    for (Delivery& delivery : ready) deliveries.push_back(std::move(delivery));
  };
  if (!pending.is_final && !pending.is_error) {
    CS_RETURN_IF_ERROR(intact_.Add(std::move(event), pending.only_continuing, numbers_));
    CS_ASSIGN_OR_RETURN(std::vector<Delivery> ready, intact_.Take(*grammar_, false));
    send(std::move(ready));
    return absl::OkStatus();
  }
  std::vector<Delivery> ready;
  if (pending.is_error) {
    ready = intact_.TakeBrokenOff();
  } else {
    CS_ASSIGN_OR_RETURN(ready, intact_.Take(*grammar_, true));
  }
  send(std::move(ready));
  CS_RETURN_IF_ERROR(ApplyToIntact(options_.signed_texts, event.outcome));
  CS_ASSIGN_OR_RETURN(Delivery delivery, ToDelivery(std::move(event), numbers_));
  delivery.is_final = pending.is_final;
  deliveries.push_back(std::move(delivery));
  return absl::OkStatus();
}

// At the end of the stream: sends the events that finish a group, each with the text of the group
// that was held, and what else was held.
absl::Status EventStreamAnswer::DeliverFinishing(const Pending& pending, const Releases& releases,
                                                 std::vector<Delivery>& deliveries) {
  std::vector<bool> placed(pending.held_texts.size());
  for (MaskedEvent& event : finishing_.TakeAll()) {
    const auto& finished = event.finished;
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const HeldText& held = pending.held_texts[i];
      const bool here =
          std::find(finished.begin(), finished.end(), held.open.group) != finished.end();
      if (placed[i] || !here) continue;
      placed[i] = true;
      CS_ASSIGN_OR_RETURN(domain::FieldRelease rest, TakeRest(held, releases));
      if (event.Append(held.field, rest)) continue;
      CS_RETURN_IF_ERROR(DeliverRest(held, std::move(rest), deliveries));
    }
    CS_ASSIGN_OR_RETURN(Delivery delivery, ToDelivery(std::move(event), numbers_));
    Send(std::move(delivery), deliveries);
  }
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (placed[i]) continue;
    const HeldText& held = pending.held_texts[i];
    CS_ASSIGN_OR_RETURN(domain::FieldRelease rest, TakeRest(held, releases));
    CS_RETURN_IF_ERROR(DeliverRest(held, std::move(rest), deliveries));
  }
  return absl::OkStatus();
}

absl::Status EventStreamAnswer::Observe(const Pending& pending, std::vector<Edit> edits) {
  CS_ASSIGN_OR_RETURN(const std::string data, Splice(pending.event.data, std::move(edits)));
  CS_ASSIGN_OR_RETURN(const json::Document document, json::ParseAnyJson(data));
  observed_ = grammar_->ObserveMasked(document.root(), data);
  return absl::OkStatus();
}

}  // namespace countersign::dialects::answers
