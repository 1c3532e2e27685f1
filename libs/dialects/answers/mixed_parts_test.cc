#include "libs/dialects/answers/mixed_parts.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"

namespace countersign::dialects::answers {
namespace {

FoundTexts Found(const std::vector<std::pair<std::string, std::string>>& texts,
                 const std::string& list = "list") {
  FoundTexts found;
  for (const auto& [field, number] : texts) {
    FoundText& text = found.texts.emplace_back();
    text.field = field;
    text.number = number;
    text.parts = list;
  }
  return found;
}

TEST_CASE("MixedParts: parts are asked about together once their members differ", "[dialects]") {
  MixedParts parts;
  PieceQueue queue;
  std::vector<MixedParts::Asked> asked;
  REQUIRE(parts.Add(Found({{"text", "4111"}, {"text", "1111"}}), queue, asked).ok());
  REQUIRE(parts.Add(Found({{"refusal", "9"}}, "other"), queue, asked).ok());
  REQUIRE(parts.Add(Found({{"refusal", "2"}}, ""), queue, asked).ok());
  CHECK(asked.empty());
  REQUIRE(parts.Add(Found({{"refusal", "3333"}, {"text", "5"}}), queue, asked).ok());
  const auto pieces = queue.Take();
  REQUIRE(asked.size() == 2);
  CHECK(pieces[asked[0].piece].text == "411111113333");
  CHECK(asked[0].changes == std::vector<std::size_t>{8});
  CHECK(pieces[asked[1].piece].text == "4111111133335");
  CHECK(asked[1].changes == std::vector<std::size_t>{8, 12});
}

TEST_CASE("MixedParts: only a match over a change is refused", "[dialects]") {
  const auto check = [](std::size_t begin, std::size_t end) {
    domain::FieldRelease release;
    release.masked.push_back({0, 3, "number", "777", begin, end});
    return MixedParts::Check({{0, {8}}}, {release});
  };
  CHECK(check(0, 8).ok());
  CHECK(check(8, 12).ok());
  CHECK(absl::IsFailedPrecondition(check(7, 9)));
  CHECK(MixedParts::Check({{0, {8}}}, {domain::FieldRelease()}).ok());
}

TEST_CASE("MixedParts: a border is forgotten when it is far behind, and lists are bounded",
          "[dialects]") {
  MixedParts parts;
  PieceQueue queue;
  std::vector<MixedParts::Asked> asked;
  REQUIRE(parts.Add(Found({{"text", "1"}, {"refusal", "2"}}), queue, asked).ok());
  REQUIRE(parts.Add(Found({{"refusal", std::string(5000, '3')}}), queue, asked).ok());
  REQUIRE(asked.size() == 2);
  REQUIRE(parts.Add(Found({{"refusal", "4"}}), queue, asked).ok());
  CHECK(asked.size() == 2);
  absl::Status status;
  for (int i = 0; status.ok() && i < 9000; ++i) {
    status = parts.Add(Found({{"text", "1"}}, absl::StrCat(i)), queue, asked);
  }
  CHECK(absl::IsUnavailable(status));
}

}  // namespace
}  // namespace countersign::dialects::answers
