#include "libs/protobuf_texts/text_fields.h"

#include <catch2/catch.hpp>

namespace countersign::protobuf_texts {
namespace {

TEST_CASE("TextFields: all fields unless patterns say which", "[protobuf_texts]") {
  CHECK(TextFields().Has("a"));
  CHECK(TextFields().Has("a.b.c"));
}

TEST_CASE("TextFields: a pattern names fields from the root", "[protobuf_texts]") {
  struct Case {
    const char* pattern;
    const char* names;
    bool has;
  };
  const Case cases[] = {
      {"a", "a", true},         {"a", "a.b", false},     {"a", "b", false},
      {"a.b", "a.b", true},     {"a.b", "a", false},     {"*", "a", true},
      {"*", "a.b", false},      {"*.b", "a.b", true},    {"**", "a", true},
      {"**", "a.b.c", true},    {"a.**", "a", true},     {"a.**", "a.b.c", true},
      {"a.**", "b.a", false},   {"**.c", "c", true},     {"**.c", "a.b.c", true},
      {"**.c", "a.c.b", false}, {"a.**.c", "a.c", true}, {"a.**.c", "a.b.b.c", true},
      {"**.**.c", "a.c", true}, {"a.*.c", "a.c", false}, {"**.a.**", "x.a.y", true},
  };
  for (const Case& c : cases) {
    INFO(c.pattern << " and " << c.names);
    CHECK(TextFields({c.pattern}).Has(c.names) == c.has);
  }
}

TEST_CASE("TextFields: one of several patterns is enough", "[protobuf_texts]") {
  const TextFields fields({"a", "b.c"});
  CHECK(fields.Has("a"));
  CHECK(fields.Has("b.c"));
  CHECK_FALSE(fields.Has("c"));
}

}  // namespace
}  // namespace countersign::protobuf_texts
