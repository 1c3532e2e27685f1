#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/domain/decision.h"
#include "libs/domain/masker.h"
#include "libs/domain/principal.h"
#include "libs/domain/review_gate.h"
#include "libs/domain/session.h"

// The payloads of a session's events (session.h, event_type): one compact JSON object each. All
// payloads are built here. Bytes that may not be UTF-8 (bodies, pieces of an answer) are written as
// text if they are UTF-8, otherwise as base64url under the same name with the suffix "_base64".
// Pure functions.
namespace countersign::domain {

// `request`, the intent. The recorder makes it itself of what Recorder::Open was given.
//   {"request_id","connection","principal":{"issuer","subject","identity","kind","groups","owner"},
//    "method","path","client_address","user_agent","operation","model","stream","tools":[…],
//    "parts":[{"role","pointer","text"}],"body"}
std::string RequestPayload(const SessionStart& start, const Principal& principal);

// `decision`: {"verdict":"allow|deny|review","policy","policy_version","message","findings":[
//   {"policy","condition","rule","part","begin","end"}],"tokens","masking","recording"}
std::string DecisionPayload(const Decision& decision);

// `review.waiting`: {"review_id","binding_hash","expires_at"}
std::string ReviewWaitingPayload(absl::string_view review_id, absl::string_view binding_hash,
                                 absl::Time expires_at);

// The event that records the end of a review: `review.approved`, `review.denied`, `review.expired`,
// `review.revoked`; "" for other states. A review whose grant others used was approved.
absl::string_view ReviewEndType(ReviewState state);
// Its payload: {"review_id","approvers":[…]} or, of a denial and a revocation,
// {"review_id","reviewer","reason"}; then "at" and "votes":[{"reviewer","decision","reason","at"}].
std::string ReviewEndPayload(const ReviewStatus& status);

// `review.consumed`: {"review_id","approvers":[…]}
std::string ReviewConsumedPayload(const Grant& grant);

// `response.head`: {"status","headers":[["name","value"],…]}
std::string ResponseHeadPayload(int status,
                                const std::vector<std::pair<std::string, std::string>>& headers);

// A masked span inside one delivered piece: `span` is relative to the text that was released for
// `field`.
struct DeliveredSpan {
  std::string field;
  MaskedSpan span;
};

// The names of analyzers that a profile asks for and that have not looked at a text, so that it was
// masked by patterns alone (`onFailure: maskLess`). In order, each once.
using Unanalyzed = std::set<std::string>;

// `forward`: {"binding_hash","bytes","masked":[{"field","begin","end","entity","original"}]},
// written before the first byte is sent. `masked`: of the prompt; a field is the pointer of a part,
// and the offsets are those of the text as sent. Then, unless empty, "unanalyzed":[…].
std::string ForwardPayload(absl::string_view binding_hash, std::size_t bytes,
                           const std::vector<DeliveredSpan>& masked,
                           const Unanalyzed& unanalyzed = {});

// `response.data`: {"text","masked":[{"field","begin","end","entity","original"}]}. `delivered` are
// exactly the bytes sent to the caller. Then, unless empty, "unanalyzed":[…].
std::string ResponseDataPayload(absl::string_view delivered,
                                const std::vector<DeliveredSpan>& masked,
                                const Unanalyzed& unanalyzed = {});

// `end`: {"outcome","code","tokens":{"input","output"},"masked":{entity:count}}. The recorder makes
// it itself of what SessionWriter::End was given.
std::string EndPayload(const SessionEnd& end);

// The parts of a `request` that readers of a record use. Of the principal: issuer, subject,
// identity.
struct RequestRecord {
  std::string request_id;
  Principal principal;
  std::string connection;
  std::string model;
  std::string operation;
  bool stream = false;
  std::vector<std::string> texts;  // of the prompt's parts
};
// The parts of a `decision` that readers use.
struct DecisionRecord {
  Verdict verdict = Verdict::kDeny;
  std::string policy;
  std::uint64_t policy_version = 0;
  Recording recording = Recording::kStrict;
};
// The parts of the events of reviews that readers use; approvers of `review.approved` and
// `review.consumed`.
struct ReviewRecord {
  std::string review_id;
  std::vector<std::string> approvers;
};

// Equals ReadRequestPayload(RequestPayload(start, principal)), without writing and parsing the
// payload: bodies may be tens of megabytes.
RequestRecord MakeRequestRecord(const SessionStart& start, const Principal& principal);

// Each reads its builder's output; INVALID_ARGUMENT for other input.
absl::StatusOr<RequestRecord> ReadRequestPayload(absl::string_view payload);
absl::StatusOr<DecisionRecord> ReadDecisionPayload(absl::string_view payload);
absl::StatusOr<ReviewRecord> ReadReviewPayload(absl::string_view payload);
// The binding hash.
absl::StatusOr<std::string> ReadForwardPayload(absl::string_view payload);
absl::StatusOr<SessionEnd> ReadEndPayload(absl::string_view payload);
// The bytes that were delivered.
absl::StatusOr<std::string> ReadResponseDataPayload(absl::string_view payload);

}  // namespace countersign::domain
