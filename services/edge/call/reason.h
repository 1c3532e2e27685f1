#pragma once

#include "absl/status/status.h"

namespace countersign::edge::call {

// The errors of ports that the pipeline distinguishes. For all others (kOther) only the status code
// matters.
enum class Reason {
  kOther,
  kKilled,             // an auditor stopped the session
  kUnknownConnection,  // from the router
  kUnknownEvent,       // the answer has a form that the masking profile refuses
  kUnreachable,        // nothing was sent upstream
  kGrantUsed,          // review_exhausted, review_not_approved: there is no use left to take
  kTooManyReviews,     // the caller has too many pending reviews
  kGrantExpired,
  kGrantRevoked,
};

// The only function that reads the text of a reason.
Reason ToReason(const absl::Status& status);

}  // namespace countersign::edge::call
