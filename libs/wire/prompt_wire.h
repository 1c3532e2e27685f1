#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "countersign/domain/v1/prompt.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/domain/decision.h"
#include "libs/domain/prompt.h"

// The values that several services speak of, between proto and domain. Texts of the proto are valid
// UTF-8 because protobuf checks them; what else must hold is checked here, and a message that
// breaks it is INVALID_ARGUMENT with the field's name.
namespace countersign::wire {

// Numbers of the domain that do not fit the wire's 32 bits are sent as its largest value.
countersign::domain::v1::Prompt ToProto(const domain::Prompt& prompt);
domain::Prompt FromProto(const countersign::domain::v1::Prompt& proto);

countersign::domain::v1::TextPart ToProto(const domain::TextPart& part);

countersign::domain::v1::Finding ToProto(const domain::Finding& finding);
// INVALID_ARGUMENT when the span is reversed.
absl::StatusOr<domain::Finding> FromProto(const countersign::domain::v1::Finding& proto);

countersign::domain::v1::ReviewTerms ToProto(const domain::ReviewTerms& terms);
// INVALID_ARGUMENT without reviewers, with fewer than one approval or use, with a zero duration, or
// with a kind of grant that is not known: unknown never becomes "allow".
absl::StatusOr<domain::ReviewTerms> FromProto(const countersign::domain::v1::ReviewTerms& proto);

// Between absl::Time and Timestamp. Infinite times have no Timestamp: leave the field unset where
// "never" is meant. REQUIRES: `time` is finite.
google::protobuf::Timestamp ToProto(absl::Time time);
// INVALID_ARGUMENT outside of years 1 to 9999 or with nanoseconds out of range.
absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& proto);

}  // namespace countersign::wire
