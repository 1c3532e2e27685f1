#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/session_recorder/session_record.h"

// How a store keeps the events that one commit adds to a session: one after another in one value.
//
//   event = length of the type (4 bytes) ‖ type ‖ nanoseconds (8) ‖ length of the sealed payload
//   (4)
//           ‖ sealed payload ‖ hash (32)
//
// Numbers are big-endian. Indexes follow from the first one's.
namespace countersign::session_recorder::store {

// REQUIRES: indexes without gaps, hashes of 32 bytes.
std::string EncodeEvents(const std::vector<SealedEvent>& events);

// The events up to the first that is not well-formed. Whoever changed one leaves a gap, which the
// chain shows.
std::vector<SealedEvent> DecodeEvents(std::uint32_t first_index, absl::string_view bytes);

}  // namespace countersign::session_recorder::store
