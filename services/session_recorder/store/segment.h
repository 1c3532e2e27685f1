#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/session_recorder/session_record.h"

// The encoding of the events that one commit adds to a session, as one value.
//
//   event = length of the type (4 bytes) ‖ type ‖ nanoseconds (8)
//           ‖ length of the sealed payload (4) ‖ sealed payload ‖ hash (32)
//
// Numbers are big-endian. Indexes are not stored: they continue from the first one.
namespace countersign::session_recorder::store {

// REQUIRES: indexes without gaps, hashes of 32 bytes.
std::string EncodeEvents(const std::vector<SealedEvent>& events);

// The events up to the first malformed one. A malformed event leaves a gap, which the chain
// reveals.
std::vector<SealedEvent> DecodeEvents(std::uint32_t first_index, absl::string_view bytes);

}  // namespace countersign::session_recorder::store
