#include "services/policy/policy_errors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"

namespace countersign::policy {
namespace {

// The message is sent twice (percent-encoded, and in base64 in the details), and libs/rpc truncates
// messages longer than 6 KiB.
constexpr std::size_t kMaxMessageBytes = 5 << 10;

// The field of a mistake that reads "policies.yaml:3: Policy/p: spec.match: …", with or without the
// file: "Policy/p.spec.match". Nothing when it names no field.
std::optional<FieldViolation> ReadViolation(absl::string_view mistake) {
  std::vector<absl::string_view> parts = absl::StrSplit(mistake, absl::MaxSplits(": ", 3));
  const bool has_file = !parts.empty() && !absl::StrContains(parts.front(), '/');
  if (has_file || (parts.size() == 4 && absl::StrContains(parts[1], '/'))) {
    parts.erase(parts.begin());
  }
  if (parts.size() < 3 || !absl::StrContains(parts[0], '/') ||
      !absl::ascii_isupper(static_cast<unsigned char>(parts[0][0]))) {
    return std::nullopt;
  }
  const std::size_t described = static_cast<std::size_t>(parts[2].data() - mistake.data());
  return FieldViolation{absl::StrCat(parts[0], ".", parts[1]),
                        std::string(mistake.substr(described))};
}

}  // namespace

absl::Status UnknownConnection(absl::string_view name) {
  return WithReason(absl::NotFoundError(absl::StrCat("there is no connection \"", name, "\"")),
                    "unknown_connection");
}

absl::Status NotLoaded() {
  return WithReason(absl::UnavailableError("the resources are not loaded yet"), "unavailable");
}

absl::Status InvalidResources(const std::vector<std::string>& mistakes) {
  std::vector<FieldViolation> violations;
  for (const std::string& mistake : mistakes) {
    if (auto violation = ReadViolation(mistake)) violations.push_back(*std::move(violation));
  }
  return WithReason(
      WithViolations(absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n")), violations),
      "invalid_resource");
}

absl::Status NoSuchVersion(std::uint64_t version) {
  return WithReason(absl::NotFoundError(absl::StrCat("there is no version ", version)),
                    "not_found");
}

absl::Status NoSuchResource(absl::string_view kind, absl::string_view name) {
  return WithReason(absl::NotFoundError(absl::StrCat("there is no ", kind, " \"", name, "\"")),
                    "not_found");
}

absl::Status VersionConflict(std::uint64_t expected) {
  return WithReason(
      absl::AbortedError(absl::StrCat("the resources have changed since version ", expected)),
      "version_conflict");
}

absl::Status InUse(absl::string_view kind, absl::string_view name,
                   const std::vector<std::string>& users) {
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        kind, " \"", name, "\" is in use by ", absl::StrJoin(users, ", "),
                        "; change or delete ", users.size() == 1 ? "that" : "those", " first")),
                    "resource_in_use");
}

absl::Status PartsUnanswered(absl::string_view names) {
  return WithReason(absl::UnavailableError(
                        absl::StrCat("nothing was changed: no answer to the draft from ", names)),
                    "unavailable");
}

absl::Status AdminOnly() {
  return WithReason(
      absl::PermissionDeniedError("this needs the role admin without a limit to connections"),
      "permission_denied");
}

absl::Status ReadersOnly() {
  return WithReason(absl::PermissionDeniedError(
                        "this needs the role admin or auditor without a limit to connections"),
                    "permission_denied");
}

absl::Status FitForTrailers(absl::Status status) {
  const absl::string_view message = status.message();
  if (message.size() <= kMaxMessageBytes) return status;
  // Keeps whole lines if there are several; a single long line is cut between characters.
  std::size_t end = message.rfind('\n', kMaxMessageBytes);
  if (end == absl::string_view::npos || end == 0) {
    end = kMaxMessageBytes;
    while ((static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  }
  const absl::string_view rest = message.substr(end);
  const auto more = std::count(rest.begin(), rest.end(), '\n');
  absl::Status fitting(status.code(),
                       absl::StrCat(message.substr(0, end),
                                    more > 0 ? absl::StrCat("\n… and ", more, " more") : "…"));
  return WithReason(WithViolations(std::move(fitting), GetViolations(status)), GetReason(status));
}

}  // namespace countersign::policy
