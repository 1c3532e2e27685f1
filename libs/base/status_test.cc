#include "libs/base/status.h"

#include <catch2/catch.hpp>

namespace countersign {

TEST_CASE("Annotate: keeps the code and the reason", "[base]") {
  const absl::Status status =
      Annotate(WithReason(absl::NotFoundError("no such key"), "key_unknown"), "revoke");
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(status.message() == "revoke: no such key");
  CHECK(GetReason(status) == "key_unknown");
}

TEST_CASE("WithReason: a second reason replaces the first", "[base]") {
  absl::Status status = WithReason(absl::InternalError("x"), "first");
  status = WithReason(std::move(status), "second");
  CHECK(GetReason(status) == "second");
}

TEST_CASE("GetReason: is empty for a status without a reason", "[base]") {
  CHECK(GetReason(absl::InternalError("x")).empty());
}

TEST_CASE("Annotate: an OK status stays OK", "[base]") {
  CHECK(Annotate(absl::OkStatus(), "read").ok());
}

absl::Status FailUnless(bool ok) { return ok ? absl::OkStatus() : absl::AbortedError("the first"); }

absl::Status ReturnFirstError(bool first, bool second) {
  CS_RETURN_IF_ERROR(FailUnless(first));
  if (!second) return absl::DataLossError("the second");
  return absl::OkStatus();
}

TEST_CASE("CS_RETURN_IF_ERROR: returns an error and continues on OK", "[base]") {
  CHECK(absl::IsAborted(ReturnFirstError(false, false)));
  CHECK(absl::IsDataLoss(ReturnFirstError(true, false)));
  CHECK(ReturnFirstError(true, true).ok());
}

absl::StatusOr<int> Half(int number) {
  if (number % 2 != 0) return absl::InvalidArgumentError("odd");
  return number / 2;
}

absl::StatusOr<int> Quarter(int number) {
  CS_ASSIGN_OR_RETURN(const int half, Half(number));
  CS_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST_CASE("CS_ASSIGN_OR_RETURN: assigns the value or returns the error", "[base]") {
  CHECK(Quarter(8).value() == 2);
  CHECK(absl::IsInvalidArgument(Quarter(6).status()));
}

TEST_CASE("WithReason: leaves an OK status OK", "[base]") {
  CHECK(WithReason(absl::OkStatus(), "x").ok());
  CHECK(GetReason(absl::OkStatus()).empty());
}

TEST_CASE("Status: violations are kept in order, and by Annotate", "[base]") {
  CHECK(InvalidField("a.b", "is odd").message() == "a.b: is odd");
  CHECK(GetViolations(absl::NotFoundError("x")).empty());
  const std::vector<FieldViolation> violations = {{"a", "b"}, {"", "c"}, {"d", ""}};
  const absl::Status status = WithViolations(absl::InvalidArgumentError("x"), violations);
  CHECK(GetViolations(Annotate(status, "here")) == violations);
  CHECK(WithViolations(absl::OkStatus(), violations).ok());
}

}  // namespace countersign
