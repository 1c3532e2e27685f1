#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace countersign::dialects {

// The error for a caller whose call fails. The dialect formats it; codes, statuses and types are
// those of CONTRACT.md.
struct CallerError {
  int http_status = 503;
  std::string code = "unavailable";
  std::string type = "server_error";
  std::string message;
  std::string param;                                  // the request's member at fault; may be empty
  std::string review_id;                              // of the review concerned; may be empty
  std::string request_id;                             // of the call; set where it is formatted
  bool final = false;                                 // x-should-retry: false
  absl::Duration retry_after = absl::ZeroDuration();  // zero: not said
};

// The error for the code. REQUIRES: `code` is one of the contract's.
CallerError MakeCallerError(absl::string_view code, absl::string_view message);

// What a failed question to a part means for the caller: UNAUTHENTICATED is 401, the reason
// too_many_reviews is 429, everything else closes the gate with 503. `part` is named in the
// message; the part's own words are not passed on unless they are meant for callers.
CallerError MakePartError(const absl::Status& status, absl::string_view part);

// The caller's error for a failed exchange with the upstream: 504 for a timeout, 502 for all
// others. The reasons upstream_auth (it refused the gateway's credential), upstream_protocol (its
// answer cannot be read; the status says why, in the gateway's words) and upstream_unreachable have
// separate codes; all others, such as PERMISSION_DENIED (the address may not be reached) and
// INVALID_ARGUMENT (the URL cannot be used), are upstream_error. Final if a retry would have the
// same result.
CallerError MakeUpstreamError(const absl::Status& status);

}  // namespace countersign::dialects
