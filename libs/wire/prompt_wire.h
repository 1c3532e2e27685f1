#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "countersign/domain/v1/prompt.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/domain/decision.h"
#include "libs/domain/prompt.h"

// Converts values that several services use between protobuf and domain. protobuf guarantees that
// texts are valid UTF-8; other rules are checked here: a message that violates one is
// INVALID_ARGUMENT with the field's name.
namespace countersign::wire {

// Numbers beyond the wire's 32 bits are sent as the largest value.
countersign::domain::v1::Prompt ToProto(const domain::Prompt& prompt);
domain::Prompt FromProto(const countersign::domain::v1::Prompt& proto);

countersign::domain::v1::TextPart ToProto(const domain::TextPart& part);
countersign::domain::v1::MediaPart ToProto(const domain::MediaPart& part);
countersign::domain::v1::PlainMember ToProto(const domain::PlainMember& member);

countersign::domain::v1::Finding ToProto(const domain::Finding& finding);
// INVALID_ARGUMENT for a reversed span.
absl::StatusOr<domain::Finding> FromProto(const countersign::domain::v1::Finding& proto);

countersign::domain::v1::ReviewTerms ToProto(const domain::ReviewTerms& terms);
// INVALID_ARGUMENT without reviewers, with less than one approval or use, a zero duration, or an
// unknown kind of grant.
absl::StatusOr<domain::ReviewTerms> FromProto(const countersign::domain::v1::ReviewTerms& proto);

// Converts between absl::Time and Timestamp. Infinite times have no Timestamp: leave the field
// unset for "never". REQUIRES: `time` is finite.
google::protobuf::Timestamp ToProto(absl::Time time);
// INVALID_ARGUMENT outside of the years 1 to 9999, or for nanoseconds out of range.
absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& proto);

}  // namespace countersign::wire
