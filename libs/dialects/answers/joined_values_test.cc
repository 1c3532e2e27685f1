#include "libs/dialects/answers/joined_values.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace countersign::dialects::answers {
namespace {

using Repeated = JoinedValues::Repeated;

// What the masker is asked after each value, first the longest; "" for nothing.
std::string Ask(JoinedValues& values, absl::string_view value,
                Repeated repeated = Repeated::kIsSkipped, const std::string& place = "id") {
  PieceQueue queue;
  const auto asked = values.Add(place, value, repeated, queue);
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
  CHECK(Ask(values, "x", Repeated::kIsSkipped, "model").empty());
  CHECK(Ask(values, "1111") == "4111 1111");
  CHECK(Ask(values, "22") == "4111 111122|111122");
  CHECK(Ask(values, "y", Repeated::kIsSkipped, "model") == "xy");
}

TEST_CASE("JoinedValues: a value that is repeated is skipped, or a piece", "[dialects]") {
  JoinedValues values;
  CHECK(Ask(values, "11").empty());
  CHECK(Ask(values, "11").empty());
  CHECK(Ask(values, "").empty());
  CHECK(Ask(values, "2") == "112");
  CHECK(Ask(values, "2", Repeated::kIsAdded) == "1122|22");
  CHECK(Ask(values, "assistant", Repeated::kIsAdded) == "1122assistant|22assistant");
  CHECK(Ask(values, "assistant", Repeated::kIsAdded).empty());
}

TEST_CASE("JoinedValues: the last bytes count, and places are bounded", "[dialects]") {
  JoinedValues values;
  Ask(values, std::string(300, 'a'));
  CHECK(Ask(values, std::string(200, 'b')) ==
        absl::StrCat(std::string(56, 'a'), std::string(200, 'b')));
  PieceQueue queue;
  absl::Status status;
  for (int i = 0; status.ok() && i < 10'000; ++i) {
    status = values.Add(absl::StrCat("place/", i), "x", Repeated::kIsSkipped, queue).status();
  }
  CHECK(absl::IsUnavailable(status));
}

}  // namespace
}  // namespace countersign::dialects::answers
