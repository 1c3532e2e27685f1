#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::protobuf_texts {

// The length before the content of a string, of bytes or of a message, which ends where the content
// ends.
struct LengthPrefix {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::size_t begin = 0;  // of the length; the content begins at `content`
  std::size_t content = 0;
  std::size_t end = 0;
  std::size_t parent = kNone;  // the index of the length that counts this one, too
};

// Bytes [begin, end) within the content of the length `prefix`, by its index; kNone: of the message
// itself.
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t prefix = LengthPrefix::kNone;
};

struct Replacement {
  Place place;
  std::string bytes;
};

// `message` with every place replaced and all lengths around the places corrected; all other bytes
// stay as they are. `prefixes`: of the message, each after its parent. INTERNAL when a place lies
// outside of its content or two overlap; RESOURCE_EXHAUSTED when the result is too large for
// protobuf (2 GiB).
absl::StatusOr<std::string> Replace(absl::string_view message,
                                    const std::vector<LengthPrefix>& prefixes,
                                    std::vector<Replacement> replacements);

}  // namespace countersign::protobuf_texts
