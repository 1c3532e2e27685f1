#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/dialects/answers/document_mask.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/sse/parser.h"

namespace countersign::dialects::answers {

// An event of a stream after masking.
struct MaskedEvent {
  sse::Event event;
  DocumentMask::Outcome outcome;
  bool keep_fields = true;             // send its lines beside the data
  std::vector<std::int64_t> finished;  // the groups that it says are finished
  bool is_usage = false;
  std::optional<EventNumber> number;

  // Appends `rest`, the held end of the text of `field`, where the event has this text; false if it
  // has not.
  bool Append(const std::string& field, const domain::FieldRelease& rest);
};

// The event as the caller gets it, with its number from `numbers`.
absl::StatusOr<Delivery> ToDelivery(MaskedEvent event, EventNumbers& numbers);

// Events that wait because they say that a group is finished, while the masker holds text of it.
// They are sent when the group goes on, else with that text at the end of the stream. The usage
// stays behind them. Not thread-safe.
class FinishingEvents {
 public:
  // `max_bytes`: of all events together.
  explicit FinishingEvents(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Notes which texts of the next event are held. Returns the events that waited for one of its
  // groups, which goes on.
  std::vector<MaskedEvent> Note(const DocumentMask::Outcome& outcome);

  // Notes that the text of `field` has ended.
  void NoteEnd(const std::string& field) { held_groups_.erase(field); }

  bool MustWait(const MaskedEvent& event) const;

  // UNAVAILABLE when too much waits.
  absl::Status Add(MaskedEvent event);

  // All that wait, in order.
  std::vector<MaskedEvent> TakeAll();

 private:
  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::vector<MaskedEvent> events_;
  std::map<std::string, std::int64_t> held_groups_;  // by field: the groups of texts that are held
};

}  // namespace countersign::dialects::answers
