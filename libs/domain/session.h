#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/domain/prompt.h"

namespace countersign::domain {

// How a session ended; DESIGN §3. kRunning means that the session has no end event yet.
enum class Outcome {
  kRunning,
  kCompleted,
  kBlocked,
  kReviewDenied,
  kReviewExpired,
  kReviewPending,
  kCancelled,
  kUpstreamError,
  kAborted,
  kKilled,
  kTruncated,
};
absl::string_view ToString(Outcome outcome);  // "completed", …; "" while running
Outcome OutcomeFromString(absl::string_view text);

// Types of events. Payloads are JSON objects unless noted.
namespace event_type {
inline constexpr absl::string_view kRequest =
    "request";  // {method, path, prompt, …, body}: the intent
inline constexpr absl::string_view kDecision =
    "decision";  // {verdict, policy, version, findings, tokens}
inline constexpr absl::string_view kReviewWaiting =
    "review.waiting";  // {review_id, binding_hash, expires_at}
inline constexpr absl::string_view kReviewApproved =
    "review.approved";  // {review_id, approvers, at, votes}
inline constexpr absl::string_view kReviewDenied =
    "review.denied";  // {review_id, reviewer, reason, at, votes}
inline constexpr absl::string_view kReviewExpired =
    "review.expired";  // {review_id, at, votes}: no decision or no use in time
inline constexpr absl::string_view kReviewRevoked =
    "review.revoked";  // {review_id, reviewer, reason, at, votes}
inline constexpr absl::string_view kReviewConsumed = "review.consumed";  // {review_id, approvers}
inline constexpr absl::string_view kForward =
    "forward";  // {binding_hash, bytes, masked}: written before the send
inline constexpr absl::string_view kResponseHead = "response.head";  // {status, headers}
inline constexpr absl::string_view kResponseData =
    "response.data";                              // {"text": piece as delivered, "masked": […]}
inline constexpr absl::string_view kEnd = "end";  // {outcome, code, tokens, masked}

// The types that a session's writer may send; the recorder makes `request` and `end` itself.
inline constexpr absl::string_view kWriters[] = {
    kDecision,      kReviewWaiting,  kReviewApproved, kReviewDenied, kReviewExpired,
    kReviewRevoked, kReviewConsumed, kForward,        kResponseHead, kResponseData};
}  // namespace event_type

struct SessionStart {
  std::string session_id;  // UUIDv7, chosen by the edge
  std::string request_id;
  std::string connection;
  std::shared_ptr<const Prompt> prompt;
  std::string method;
  std::string path;
  std::string body;  // as it came
  std::string client_address;
  std::string user_agent;
};

struct SessionEvent {
  absl::string_view type;  // one of event_type
  std::string payload;
};

struct SessionEnd {
  Outcome outcome = Outcome::kAborted;
  std::string code;  // reason code when refused or failed
  std::uint32_t input_tokens = 0;
  std::uint32_t output_tokens = 0;
  std::map<std::string, std::uint32_t> masked;  // entity → count, of what was sent and delivered
};

}  // namespace countersign::domain
