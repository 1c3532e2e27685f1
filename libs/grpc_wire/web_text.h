#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::grpc_wire {

// Decodes a body of gRPC-Web's text form, which arrives in pieces: base64, in one or several parts
// that may each end with padding. Not thread-safe.
class WebTextReader {
 public:
  // The bytes of all whole groups of four characters so far. INVALID_ARGUMENT for anything else
  // than base64.
  absl::StatusOr<std::string> Feed(absl::string_view text);

  // Whether nothing is left: otherwise the text ends within a group.
  bool empty() const { return rest_.empty(); }

 private:
  std::string rest_;  // less than four characters
};

// One padded part.
std::string EncodeWebText(absl::string_view bytes);

}  // namespace countersign::grpc_wire
