#include "libs/domain/review_log.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/base/encoding.h"

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

TEST_CASE("HashReviewLogLine: equals the hash of an independent program", "[domain]") {
  // SHA-256 of the line, eight bytes of the previous hash's length, and the previous hash.
  CHECK(HexEncode(HashReviewLogLine(std::string(32, '\0'), "a")) ==
        "fb7aae78878dd822b108f508876bf6466952441f5ce7c5c9218e4b0d92f9ef22");
}

TEST_CASE("FollowReviewLog: names the missing line, and stops before it", "[domain]") {
  ReviewLogHead head;
  const absl::Status status = FollowReviewLog({{1, "a"}, {2, "b"}, {4, "d"}}, head);
  CHECK(std::string(status.message()).find("line 3 ") != std::string::npos);
  ReviewLogHead two;
  REQUIRE(FollowReviewLog({{1, "a"}, {2, "b"}}, two).ok());
  CHECK(head == two);
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
