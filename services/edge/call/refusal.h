#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "libs/dialects/caller_error.h"
#include "libs/domain/session.h"

namespace countersign::edge::call {

// The tokens of a call, for its record.
struct TokenCounts {
  std::uint32_t input = 0;
  std::uint32_t output = 0;
};

// Why a call is refused: the error that its caller gets, and how its session ends.
struct Refusal {
  dialects::CallerError error;
  domain::Outcome outcome = domain::Outcome::kAborted;
  absl::Status cause;  // for the log: the service and its error; OK if it is not a failure
  TokenCounts tokens;  // that were sent and delivered before it failed

  // The caller has left, so nothing is sent.
  bool silent() const { return outcome == domain::Outcome::kCancelled; }
};

// The value of a step, or the refusal.
template <typename T>
class [[nodiscard]] Step {
 public:
  Step(T value) : result_(std::move(value)) {}
  Step(Refusal refusal) : result_(std::move(refusal)) {}

  bool ok() const { return std::holds_alternative<T>(result_); }

  // REQUIRES: ok().
  T& operator*() & { return std::get<T>(result_); }
  const T& operator*() const& { return std::get<T>(result_); }
  T&& operator*() && { return std::get<T>(std::move(result_)); }
  T* operator->() { return &std::get<T>(result_); }
  const T* operator->() const { return &std::get<T>(result_); }

  // REQUIRES: !ok().
  Refusal& refusal() & { return std::get<Refusal>(result_); }
  const Refusal& refusal() const& { return std::get<Refusal>(result_); }
  Refusal&& refusal() && { return std::get<Refusal>(std::move(result_)); }

 private:
  std::variant<T, Refusal> result_;
};

// The result of a call: the answer was delivered and its session has ended; or the caller is to
// come back after a reviewer has decided (202); or it was refused.
struct Delivered {
  domain::Outcome outcome = domain::Outcome::kCompleted;
};
struct Deferred {
  std::string review_id;
};
using CallResult = std::variant<Delivered, Deferred, Refusal>;

// Policy, or data that policy depends on, does not allow the call.
Refusal RefuseBlocked(absl::string_view code, absl::string_view message);

// Refuses a cancelled call: its caller left or is no longer authorized, its session was killed, or
// the gateway drains.
Refusal RefuseCancelled(const absl::Status& cause);

// The same for a held call: nothing was sent, so a caller that is no longer authorized counts as
// blocked.
Refusal RefuseHeld(const absl::Status& cause);

// A part could not answer. `status` may also be why the call was cancelled.
Refusal RefuseForPart(const absl::Status& status, absl::string_view part);

// The upstream could not be reached or broke off. `grant_used`: a retry would need another
// approval, so SDKs are told not to retry.
Refusal RefuseForUpstream(const absl::Status& status, bool grant_used);

}  // namespace countersign::edge::call
