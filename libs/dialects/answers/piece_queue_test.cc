#include "libs/dialects/answers/piece_queue.h"

#include <catch2/catch.hpp>

namespace countersign::dialects::answers {
namespace {

domain::FieldRelease Unchanged(const std::string& text) {
  domain::FieldRelease release;
  release.text = text;
  return release;
}

TEST_CASE("PieceQueue: pieces are numbered within one request", "[dialects]") {
  PieceQueue queue;
  CHECK(queue.Add("a", "x", false) == 0);
  CHECK(queue.AddWhole("y", "name") == 1u);
  const auto pieces = queue.Take();
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].field == "a");
  CHECK_FALSE(pieces[0].end);
  CHECK(pieces[1].text == "y");
  CHECK(pieces[1].end);
  CHECK(queue.Take().empty());
  CHECK(queue.Add("a", "z", true) == 0);
}

TEST_CASE("PieceQueue: whole texts never share a field, whatever their names", "[dialects]") {
  PieceQueue queue;
  queue.AddWhole("x", "name");
  queue.AddWhole("x", "name");
  const auto pieces = queue.Take();
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].field != pieces[1].field);
}

TEST_CASE("PieceQueue: an unchanged text is asked about once per name", "[dialects]") {
  PieceQueue queue;
  REQUIRE(queue.AddWhole("assistant", "role").has_value());
  queue.Remember(Unchanged("assistant"), "role");
  CHECK_FALSE(queue.AddWhole("assistant", "role").has_value());
  CHECK(queue.AddWhole("assistant", "arguments").has_value());
  CHECK(queue.AddWhole("assistants", "role").has_value());
}

TEST_CASE("PieceQueue: a masked or a long text is not remembered", "[dialects]") {
  PieceQueue queue;
  domain::FieldRelease masked = Unchanged("<S>");
  masked.masked.push_back({0, 3, "secret", "SECRET"});
  queue.Remember(masked);
  CHECK(queue.AddWhole("<S>").has_value());
  const std::string text(257, 'x');
  queue.Remember(Unchanged(text));
  CHECK(queue.AddWhole(text).has_value());
}

TEST_CASE("PieceQueue: remembers a bounded number of texts", "[dialects]") {
  PieceQueue queue;
  for (int i = 0; i < 1000; ++i) queue.Remember(Unchanged(std::to_string(i)));
  CHECK_FALSE(queue.AddWhole("0").has_value());
  CHECK(queue.AddWhole("999").has_value());
}

}  // namespace
}  // namespace countersign::dialects::answers
