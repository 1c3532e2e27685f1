#pragma once

#include "absl/status/status.h"

namespace countersign::edge::call {

// What the pipeline tells apart among the errors of its ports. Everything else is kOther: only the
// status code counts.
enum class Reason {
  kOther,
  kKilled,             // an auditor stopped the session
  kUnknownConnection,  // of the router
  kUnknownEvent,       // the answer has a form that the masking profile refuses
  kGrantUsed,          // review_exhausted, review_not_approved: there is no use left to take
  kGrantExpired,
  kGrantRevoked,
};

// The one place where the text of a reason is read.
Reason ToReason(const absl::Status& status);

}  // namespace countersign::edge::call
