// How an EventStreamAnswer delivers what its masker has released.

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/dialects/answers/event_stream_answer.h"
#include "libs/json/any_json.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kMaxWaitingEvents = 64;
constexpr std::size_t kMaxWaitingBytes = 256 * 1024;

}  // namespace

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
