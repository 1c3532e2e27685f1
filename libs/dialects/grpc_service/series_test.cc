#include "libs/dialects/grpc_service/series.h"

#include <catch2/catch.hpp>

namespace countersign::dialects::grpc_service {
namespace {

domain::FieldRelease Release(std::string text, std::size_t before, std::size_t after,
                             std::vector<domain::MaskedSpan> masked = {}) {
  domain::FieldRelease release;
  release.text = std::move(text);
  release.held_before = before;
  release.held_after = after;
  release.masked = std::move(masked);
  return release;
}

TEST_CASE("Series: what was held goes to the text that it came from", "[grpc_service]") {
  Series series;
  const auto first = series.Add(5);  // "abSEC"
  series.Take(5, Release("ab", 0, 3));
  CHECK(first->text == "ab");
  CHECK_FALSE(first->complete);
  const auto second = series.Add(2);  // "xy"
  series.Take(2, Release("SECxy", 3, 0));
  CHECK(first->text == "abSEC");
  CHECK(first->complete);
  CHECK(second->text == "xy");
  CHECK(second->complete);
}

TEST_CASE("Series: a match over two texts is replaced in the first", "[grpc_service]") {
  Series series;
  const auto first = series.Add(5);
  series.Take(5, Release("ab", 0, 3));
  const auto second = series.Add(5);  // "RETcd"
  series.Take(5, Release("<S>cd", 3, 0, {{0, 3, "secret", "SECRET", 2, 8}}));
  CHECK(first->text == "ab<S>");
  REQUIRE(first->masked.size() == 1);
  CHECK(first->masked[0].begin == 2);
  CHECK(first->masked[0].end == 5);
  CHECK(second->text == "cd");
  CHECK(second->masked.empty());
}

TEST_CASE("Series: a text that is not waited for leaves its rest to the next one",
          "[grpc_service]") {
  Series series;
  const auto first = series.Add(5);
  series.Take(5, Release("ab", 0, 3));
  series.Detach();
  const auto second = series.Add(2);
  series.Take(2, Release("SECxy", 3, 0));
  CHECK(first->text == "ab");
  CHECK(second->text == "SECxy");
}

TEST_CASE("Series: the rest that no text takes is not lost", "[grpc_service]") {
  Series series;
  series.Add(5);
  series.Take(5, Release("ab", 0, 3));
  series.Detach();
  series.Take(0, Release("SEC", 3, 0));
  CHECK(series.TakeRest().text == "SEC");
  CHECK(series.TakeRest().text.empty());
}

TEST_CASE("Series: releases without places go to the first text", "[grpc_service]") {
  Series series;
  const auto first = series.Add(4);
  domain::FieldRelease release = Release("a long original", 0, 0);
  release.restored = true;
  series.Take(4, release);
  CHECK(first->text == "a long original");
  CHECK(first->complete);
}

}  // namespace
}  // namespace countersign::dialects::grpc_service
