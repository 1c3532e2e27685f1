#include "libs/domain/review_log.h"

#include <catch2/catch.hpp>

namespace countersign::domain {
namespace {

TEST_CASE("FollowReviewLog: consecutive lines advance the head", "[domain]") {
  ReviewLogHead head;
  CHECK(head.hash == std::string(32, '\0'));
  REQUIRE(FollowReviewLog({{1, "a"}, {2, "b"}}, head).ok());
  CHECK(head.sequence == 2);
  CHECK(head.hash == HashReviewLogLine(HashReviewLogLine(std::string(32, '\0'), "a"), "b"));
  const ReviewLogHead before = head;
  REQUIRE(FollowReviewLog({}, head).ok());
  CHECK(head == before);
}

TEST_CASE("FollowReviewLog: a gap or a line out of place is DATA_LOSS", "[domain]") {
  for (const auto& lines : std::vector<std::vector<ReviewLogLine>>{
           {{2, "a"}}, {{1, "a"}, {3, "b"}}, {{1, "a"}, {1, "a"}}, {{0, "a"}}}) {
    ReviewLogHead head;
    CHECK(absl::IsDataLoss(FollowReviewLog(lines, head)));
  }
}

TEST_CASE("HashReviewLogLine: depends on every bit of the line and the previous hash", "[domain]") {
  const std::string hash = HashReviewLogLine("previous", "body");
  CHECK(hash.size() == 32);
  CHECK(hash != HashReviewLogLine("previout", "body"));
  CHECK(hash != HashReviewLogLine("previous", "bodz"));
  CHECK(hash != HashReviewLogLine("", "bodyprevious"));
}

}  // namespace
}  // namespace countersign::domain
