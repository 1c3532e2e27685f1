#include "libs/json/duplicates.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/str_cat.h"

namespace countersign::json {
namespace {

std::string Kept(absl::string_view bytes) { return KeepLastMembers(bytes, Limits()).value(); }

TEST_CASE("KeepLastMembers: the last member of a name stays, at any depth", "[json]") {
  CHECK(Kept(R"({"a":1,"a":2})") == R"({"a":2})");
  CHECK(Kept(R"({"a":1,"b":3,"a":2})") == R"({"b":3,"a":2})");
  CHECK(Kept(R"({"b":3 , "a":1, "a":2 , "a" : 4 })") == R"({"b":3 , "a" : 4 })");
  CHECK(Kept(R"([{"a":{"x":1,"x":2}},{"a":[{"y":1,"y":[]}]}])") ==
        R"([{"a":{"x":2}},{"a":[{"y":[]}]}])");
  CHECK(Kept(R"({"a":{"x":1,"x":2},"a":{"x":3,"x":4}})") == R"({"a":{"x":4}})");
}

TEST_CASE("KeepLastMembers: names are compared without their escapes", "[json]") {
  CHECK(Kept(R"({"a":"first","\u0061":"last"})") == R"({"\u0061":"last"})");
  CHECK(Kept(R"({"a,}":1,"a,}":"}, \" ,"})") == R"({"a,}":"}, \" ,"})");
}

TEST_CASE("KeepLastMembers: bytes without duplicates do not change", "[json]") {
  for (const char* bytes : {R"( { "a" : [ 1 , { } ] , "b" : "a" } )", "[]", "\"a\"", "1"}) {
    CHECK(Kept(bytes) == bytes);
  }
}

TEST_CASE("KeepLastMembers: what is not JSON is refused", "[json]") {
  for (const char* bytes : {"", R"({"a":1,"a":})", R"({"a":1,})", R"({"a":1}{"a":1})"}) {
    CHECK(absl::IsInvalidArgument(KeepLastMembers(bytes, Limits()).status()));
  }
  Limits shallow;
  shallow.max_depth = 3;
  CHECK_FALSE(KeepLastMembers("[[[[1]]]]", shallow).ok());
}

TEST_CASE("KeepLastMembers: the result is strict JSON with the last values", "[json][property]") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string bytes = "{";
    int last[3] = {-1, -1, -1};
    const int members = 1 + static_cast<int>(random() % 8);
    for (int i = 0; i < members; ++i) {
      const int name = static_cast<int>(random() % 3);
      last[name] = i;
      absl::StrAppend(&bytes, i > 0 ? "," : "", random() % 2 ? " " : "", "\"", name,
                      "\":", random() % 2 ? "" : " ", i);
    }
    bytes += "}";
    CAPTURE(bytes);
    const absl::StatusOr<Document> document = Document::Parse(Kept(bytes));
    REQUIRE(document.ok());
    for (int name = 0; name < 3; ++name) {
      const Value value = document->root()[absl::StrCat(name)];
      CHECK(value.exists() == (last[name] >= 0));
      if (value.exists()) CHECK(value.integer() == last[name]);
    }
  }
}

}  // namespace
}  // namespace countersign::json
