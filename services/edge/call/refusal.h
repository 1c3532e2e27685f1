#pragma once

#include <variant>

#include "absl/status/status.h"
#include "libs/dialects/caller_error.h"
#include "libs/domain/session.h"

namespace countersign::edge {

// Why a call goes no further: what its caller is told, and how its session ends.
struct Refusal {
  dialects::CallerError error;
  domain::Outcome outcome = domain::Outcome::kAborted;
  absl::Status cause;  // for the log: which part, and what it said; OK for what is no failure

  // The caller has left: there is nobody to tell.
  bool silent() const { return outcome == domain::Outcome::kCancelled; }
};

// The value that a step makes, or why there is none.
template <typename T>
using Step = std::variant<T, Refusal>;

// Of a call that was stopped: its caller left, its session was killed, or the gateway drains.
Refusal RefusalOfStop(const absl::Status& why);

// Of a part that could not answer; `status` may also be why the call was stopped.
Refusal RefusalOfPart(const absl::Status& status, absl::string_view part);

// Of an upstream that could not be reached or broke off. `grant_used`: a retry would need another
// approval, so SDKs are told not to.
Refusal RefusalOfUpstream(const absl::Status& status, bool grant_used);

}  // namespace countersign::edge
