#include "libs/base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace countersign {
namespace {
constexpr absl::string_view kReasonUrl = "countersign/reason";
// Field, description, field, … with a NUL behind each.
constexpr absl::string_view kViolationsUrl = "countersign/violations";
}  // namespace

absl::Status WithReason(absl::Status status, absl::string_view reason) {
  if (!status.ok()) status.SetPayload(kReasonUrl, absl::Cord(reason));
  return status;
}

std::string GetReason(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

absl::Status InvalidField(absl::string_view field, absl::string_view what) {
  return WithViolations(absl::InvalidArgumentError(absl::StrCat(field, ": ", what)),
                        {{std::string(field), std::string(what)}});
}

absl::Status WithViolations(absl::Status status, const std::vector<FieldViolation>& violations) {
  if (status.ok()) return status;
  std::string packed;
  for (const FieldViolation& violation : violations) {
    absl::StrAppend(&packed, violation.field, absl::string_view("\0", 1), violation.description,
                    absl::string_view("\0", 1));
  }
  status.SetPayload(kViolationsUrl, absl::Cord(packed));
  return status;
}

std::vector<FieldViolation> GetViolations(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  const auto payload = status.GetPayload(kViolationsUrl);
  if (!payload) return violations;
  const std::string packed(*payload);
  const std::vector<std::string> parts = absl::StrSplit(packed, '\0');
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    violations.push_back({parts[i], parts[i + 1]});
  }
  return violations;
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

}  // namespace countersign
