#include "libs/dialects/sse/writer.h"

#include <catch2/catch.hpp>

#include "libs/dialects/sse/parser.h"

namespace countersign::dialects::sse {
namespace {

TEST_CASE("FormatEvent: every line of the data becomes a data line", "[dialects]") {
  CHECK(FormatEvent("{}") == "data: {}\n\n");
  CHECK(FormatEvent("{}", "error") == "event: error\ndata: {}\n\n");
  CHECK(FormatEvent("{\r\n\"a\":1,\n\n\"b\":2\r}\n") ==
        "data: {\ndata: \"a\":1,\ndata: \ndata: \"b\":2\ndata: }\ndata: \n\n");
}

TEST_CASE("FormatEvent: the parser reads the data back", "[dialects]") {
  for (const char* data : {"", "{}", " x ", "a\nb\n\nc\n", ":", "data: x", "event: y"}) {
    Parser parser(1000);
    std::vector<Event> events;
    REQUIRE(parser.Feed(FormatEvent(data, "name"), events).ok());
    REQUIRE(events.size() == 1);
    CHECK(events[0].data == data);
    CHECK(events[0].fields == "event: name\n");
  }
}

TEST_CASE("FormatComment: the parser finds no data in it", "[dialects]") {
  Parser parser(1000);
  std::vector<Event> events;
  REQUIRE(parser.Feed(FormatComment("waiting"), events).ok());
  REQUIRE(events.size() == 1);
  CHECK_FALSE(events[0].has_data);
  CHECK(events[0].raw == ": waiting\n\n");
}

}  // namespace
}  // namespace countersign::dialects::sse
