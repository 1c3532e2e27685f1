#include "libs/dialects/caller_error.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/base/status.h"

namespace countersign::dialects {
namespace {

TEST_CASE("MakeCallerError: status and type follow from the code", "[dialects]") {
  const CallerError denied = MakeCallerError("policy_denied", "no");
  CHECK(denied.http_status == 403);
  CHECK(denied.type == "permission_error");
  CHECK(denied.final);
  CHECK(denied.message == "no");
  const CallerError unavailable = MakeCallerError("unavailable", "later");
  CHECK(unavailable.http_status == 503);
  CHECK_FALSE(unavailable.final);
  CHECK(unavailable.retry_after == absl::Seconds(1));
}

TEST_CASE("MakePartError: only a failed authentication is told in the part's words", "[dialects]") {
  const CallerError unauthenticated =
      MakePartError(absl::UnauthenticatedError("the token has expired"), "authentication");
  CHECK(unauthenticated.http_status == 401);
  CHECK(unauthenticated.message == "the token has expired");
  const CallerError failed = MakePartError(absl::InternalError("secret detail"), "policy");
  CHECK(failed.http_status == 503);
  CHECK(failed.message == "the gateway's policy is not available; try again");
}

TEST_CASE("MakePartError: too many reviews of one caller are a 429 that is not retried",
          "[dialects]") {
  const CallerError error = MakePartError(
      WithReason(absl::ResourceExhaustedError("100 wait already"), "too_many_reviews"), "approval");
  CHECK(error.http_status == 429);
  CHECK(error.type == "rate_limit_error");
  CHECK(error.message == "100 wait already");
  CHECK(error.final);
  CHECK(MakePartError(absl::ResourceExhaustedError("busy"), "approval").http_status == 503);
}

TEST_CASE("MakeUpstreamError: a deadline is 504, everything else 502", "[dialects]") {
  CHECK(MakeUpstreamError(absl::DeadlineExceededError("")).code == "upstream_timeout");
  CHECK(MakeUpstreamError(absl::DeadlineExceededError("")).http_status == 504);
  CHECK(MakeUpstreamError(absl::UnavailableError("")).http_status == 502);
}

TEST_CASE("MakeUpstreamError: each cause has its code and message, and says whether to retry",
          "[dialects]") {
  const auto because = [](const char* reason) {
    return WithReason(absl::UnavailableError("it is compressed"), reason);
  };
  const auto late = WithReason(absl::DeadlineExceededError(""), "upstream_unreachable");
  struct Cause {
    absl::Status status;
    const char* code;
    const char* message;
    bool final;
  };
  const Cause causes[] = {
      {absl::UnavailableError(""), "upstream_error", "broke off", false},
      {absl::DeadlineExceededError(""), "upstream_timeout", "took too long", false},
      {late, "upstream_timeout", "accept a connection", false},
      {because("upstream_unreachable"), "upstream_unreachable", "could not be reached", false},
      {absl::PermissionDeniedError(""), "upstream_error", "may not be reached", true},
      {absl::InvalidArgumentError(""), "upstream_error", "URL", true},
      {because("upstream_auth"), "upstream_auth", "credential", true},
      {because("upstream_protocol"), "upstream_protocol", "read: it is compressed", true}};
  for (const Cause& cause : causes) {
    CAPTURE(cause.code, cause.message);
    const CallerError error = MakeUpstreamError(cause.status);
    CHECK(error.code == cause.code);
    CHECK(absl::StrContains(error.message, cause.message));
    CHECK(error.final == cause.final);
  }
}

}  // namespace
}  // namespace countersign::dialects
