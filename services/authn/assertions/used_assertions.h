#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace countersign::authn::assertions {

// Remembers which assertions were exchanged for a token, so that none is exchanged twice, by any
// process. Times have microsecond precision. Thread-safe; may block. Other errors than those named
// are the medium's (UNAVAILABLE …), and mean that the assertion must not be accepted.
class UsedAssertions {
 public:
  virtual ~UsedAssertions() = default;

  // Marks the assertion `id` of `issuer` as used at `now`, durably. ALREADY_EXISTS when it is
  // marked. Of concurrent calls for one assertion, exactly one succeeds. The mark may be dropped
  // after `keep_until`, when the assertion has expired by every clock.
  virtual absl::Status Use(const std::string& issuer, const std::string& id, absl::Time now,
                           absl::Time keep_until) = 0;

  // When the assertion was used; InfiniteFuture if it was not.
  virtual absl::StatusOr<absl::Time> FindUse(const std::string& issuer, const std::string& id) = 0;
};

// What is stored of an assertion's name: SHA-256 of issuer and id, 32 bytes.
std::string AssertionDigest(absl::string_view issuer, absl::string_view id);

}  // namespace countersign::authn::assertions
