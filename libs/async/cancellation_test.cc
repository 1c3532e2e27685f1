#include "libs/async/cancellation.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>

namespace countersign::async {
namespace {

TEST_CASE("Cancellation: the first cause counts", "[async]") {
  Cancellation cancellation;
  CHECK_FALSE(cancellation.cancelled());
  CHECK(cancellation.cause().ok());
  cancellation.Cancel(absl::CancelledError("the caller left"));
  cancellation.Cancel(absl::AbortedError("drain"));
  CHECK(cancellation.cancelled());
  CHECK(cancellation.cause() == absl::CancelledError("the caller left"));
}

TEST_CASE("Cancellation: watches are called in their order, once", "[async]") {
  Cancellation cancellation;
  std::vector<int> called;
  const Cancellation::Watch first(cancellation, [&] { called.push_back(1); });
  std::optional<Cancellation::Watch> ended;
  ended.emplace(cancellation, [&] { called.push_back(2); });
  const Cancellation::Watch third(cancellation, [&] { called.push_back(3); });
  ended.reset();
  cancellation.Cancel(absl::CancelledError("x"));
  cancellation.Cancel(absl::CancelledError("y"));
  CHECK(called == std::vector<int>{1, 3});
}

TEST_CASE("Cancellation: a watch constructed after the cancellation is not called", "[async]") {
  Cancellation cancellation;
  cancellation.Cancel(absl::CancelledError("x"));
  bool called = false;
  const Cancellation::Watch late(cancellation, [&] { called = true; });
  CHECK_FALSE(called);
}

TEST_CASE("Cancellation: a watch may end itself or another during the call", "[async]") {
  Cancellation cancellation;
  std::optional<Cancellation::Watch> first, second;
  int called = 0;
  first.emplace(cancellation, [&] {
    ++called;
    first.reset();
    second.reset();
  });
  second.emplace(cancellation, [&] { ++called; });
  cancellation.Cancel(absl::CancelledError("x"));
  CHECK(called == 1);
}

TEST_CASE("Cancellation: a watch may start another during the call", "[async]") {
  Cancellation cancellation;
  std::optional<Cancellation::Watch> late;
  bool called = false;
  const Cancellation::Watch watch(cancellation,
                                  [&] { late.emplace(cancellation, [&] { called = true; }); });
  cancellation.Cancel(absl::CancelledError("x"));
  CHECK(late.has_value());
  CHECK_FALSE(called);
}

}  // namespace
}  // namespace countersign::async
