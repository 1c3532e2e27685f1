#include "libs/dialects/answers/finishing_events.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/writer.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kMaxEvents = 1024;

bool Contains(const std::vector<std::int64_t>& groups, std::int64_t group) {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

bool MaskedEvent::Append(const std::string& field, const domain::FieldRelease& rest) {
  const auto text = std::find_if(
      outcome.continued.rbegin(), outcome.continued.rend(),
      [&](const DocumentMask::ContinuedText& continued) { return continued.field == field; });
  if (text == outcome.continued.rend() || text->held == 0) return false;
  for (domain::MaskedSpan span : rest.masked) {
    span.begin += text->released.size();
    span.end += text->released.size();
    outcome.masked.push_back(domain::DeliveredSpan{field, std::move(span)});
  }
  absl::StrAppend(&text->released, rest.text);
  outcome.output.push_back(OutputText{field, rest.text});
  outcome.edits[text->edit_at].replacement = json::Quote(text->released);
  return true;
}

absl::StatusOr<Delivery> ToDelivery(MaskedEvent event, EventNumbers& numbers) {
  Delivery delivery;
  if (event.number) {
    const std::int64_t number = numbers.Move(event.number->value);
    if (number != event.number->value) {
      event.outcome.edits.push_back(
          Edit{event.number->begin, event.number->end, absl::StrCat(number)});
    }
  }
  delivery.recorded = event.event.has_data;
  delivery.masked = std::move(event.outcome.masked);
  delivery.output = std::move(event.outcome.output);
  std::vector<Edit>& edits = event.outcome.edits;
  if (!event.keep_fields) {  // comments and other fields that must be masked are dropped
    CS_ASSIGN_OR_RETURN(const std::string data, Splice(event.event.data, std::move(edits)));
    delivery.bytes = sse::FormatEvent(data);
    return delivery;
  }
  for (Edit& edit : edits) {
    edit.begin = event.event.InRaw(edit.begin);
    edit.end = event.event.InRaw(edit.end);
  }
  CS_ASSIGN_OR_RETURN(delivery.bytes, Splice(event.event.raw, std::move(edits)));
  return delivery;
}

std::vector<MaskedEvent> FinishingEvents::Note(const DocumentMask::Outcome& outcome) {
  std::vector<MaskedEvent> ready;
  std::vector<MaskedEvent> rest;
  for (MaskedEvent& event : events_) {
    const bool goes_on = std::any_of(outcome.continued.begin(), outcome.continued.end(),
                                     [&](const DocumentMask::ContinuedText& text) {
                                       return Contains(event.finished, text.group);
                                     });
    if (goes_on) bytes_ -= event.event.raw.size();
    (goes_on ? ready : rest).push_back(std::move(event));
  }
  events_ = std::move(rest);
  for (const DocumentMask::ContinuedText& text : outcome.continued) {
    if (text.held > 0) {
      held_groups_[text.field] = text.group;
    } else {
      held_groups_.erase(text.field);
    }
  }
  return ready;
}

bool FinishingEvents::MustWait(const MaskedEvent& event) const {
  if (event.is_usage) return !events_.empty();
  return std::any_of(held_groups_.begin(), held_groups_.end(),
                     [&](const auto& held) { return Contains(event.finished, held.second); });
}

absl::Status FinishingEvents::Add(MaskedEvent event) {
  bytes_ += event.event.raw.size();
  if (events_.size() >= kMaxEvents || bytes_ > max_bytes_) {
    return absl::UnavailableError("the upstream's stream finishes too many texts at once");
  }
  events_.push_back(std::move(event));
  return absl::OkStatus();
}

std::vector<MaskedEvent> FinishingEvents::TakeAll() {
  bytes_ = 0;
  return std::exchange(events_, {});
}

}  // namespace countersign::dialects::answers
