#include "libs/dialects/answers/joined_values.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace countersign::dialects::answers {
namespace {

// What the masker is asked after each value, first the longest; "" for nothing.
std::string Ask(JoinedValues& values, absl::string_view value, const std::string& place = "id",
                JoinedValues::Kind kind = JoinedValues::Kind::kString) {
  PieceQueue queue;
  const auto asked = values.Add(place, value, kind, queue);
  REQUIRE(asked.ok());
  const auto pieces = queue.Take();
  CHECK(pieces.size() == asked->size());
  std::vector<std::string> texts;
  for (const JoinedPiece& joined : *asked) {
    texts.push_back(pieces[joined.piece].text);
    CHECK(absl::string_view(texts.back()).substr(joined.before) == value);
  }
  return absl::StrJoin(texts, "|");
}

TEST_CASE("JoinedValues: the values of a place are asked about together", "[dialects]") {
  JoinedValues values;
  CHECK(Ask(values, "4111 ").empty());
  CHECK(Ask(values, "x", "model").empty());
  CHECK(Ask(values, "1111") == "4111 1111");
  CHECK(Ask(values, "22") == "4111 111122|111122");
  CHECK(Ask(values, "y", "model") == "xy");
}

TEST_CASE("JoinedValues: a value that is repeated is a piece if it is short, or the same again",
          "[dialects]") {
  JoinedValues values;
  CHECK(Ask(values, "4242").empty());
  CHECK(Ask(values, "").empty());
  CHECK(Ask(values, "4242") == "42424242");
  CHECK(Ask(values, "4242") == "424242424242");
  CHECK(Ask(values, "assistant") == "424242424242assistant");  // alone it was asked about before
  CHECK(Ask(values, "assistant").empty());
  CHECK(Ask(values, "safe") == "424242424242assistantsafe|assistantsafe");
  CHECK(Ask(values, "safe").empty());
  int asked = 0;
  for (int i = 0; i < 100; ++i) asked += Ask(values, "1", "other").empty() ? 0 : 1;
  CHECK(asked == 16);
}

TEST_CASE("JoinedValues: numbers are joined unless they are the same or count", "[dialects]") {
  JoinedValues values;
  const auto ask = [&](absl::string_view number, const std::string& place) {
    return Ask(values, number, place, JoinedValues::Kind::kNumber);
  };
  CHECK(ask("41111111", "a").empty());
  CHECK(ask("11111111", "a") == "4111111111111111");
  CHECK(ask("4096", "same").empty());
  CHECK(ask("4096", "same").empty());
  CHECK(ask("4096", "same").empty());
  CHECK(ask("4093", "down").empty());
  CHECK(ask("4092", "down") == "40934092");
  CHECK(ask("4091", "down").empty());
  CHECK(ask("4090", "down").empty());
  CHECK(ask("7", "down") == "409340927|40927");
  for (const char* digit : {"1", "2"}) CHECK(ask(digit, "digits").empty() == (*digit == '1'));
  CHECK(ask("3", "digits") == "123|23");
}

TEST_CASE("JoinedValues: the last bytes count, and places are bounded", "[dialects]") {
  JoinedValues values;
  Ask(values, std::string(5000, 'a'));
  CHECK(Ask(values, std::string(200, 'b')) ==
        absl::StrCat(std::string(3896, 'a'), std::string(200, 'b')));
  PieceQueue queue;
  absl::Status status;
  for (int i = 0; status.ok() && i < 10'000; ++i) {
    status =
        values.Add(absl::StrCat("place/", i), "x", JoinedValues::Kind::kString, queue).status();
  }
  CHECK(absl::IsUnavailable(status));
}

}  // namespace
}  // namespace countersign::dialects::answers
