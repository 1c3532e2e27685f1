#include "libs/dialects/sse/parser.h"

#include <catch2/catch.hpp>

namespace countersign::dialects::sse {
namespace {

struct Parsed {
  std::vector<std::string> raw;
  std::vector<std::string> data;
  std::vector<std::string> fields;
  bool operator==(const Parsed&) const = default;
};

Parsed Parse(const std::vector<std::string>& pieces) {
  Parser parser(1000);
  std::vector<Event> events;
  for (const std::string& piece : pieces) REQUIRE(parser.Feed(piece, events).ok());
  parser.Finish(events);
  Parsed parsed;
  for (const Event& event : events) {
    parsed.raw.push_back(event.raw);
    parsed.data.push_back(event.has_data ? event.data : "-");
    parsed.fields.push_back(event.fields);
  }
  return parsed;
}

const char* const kStreams[] = {
    "data: one\n\ndata: two\n\n",
    "data: one\r\n\r\ndata: two\r\n\r\n",
    "data: one\r\rdata: two\r\r",
    "\xef\xbb\xbf"
    "data: one\n\n: note\n\nevent: x\ndata:two\ndata\ndata:  three\nid: 7\n\n",
    ": a\r\n: b\r\n\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n",
    "\n\n\ndata: x\n\n",
    "retry: 5\ndata\n\ndata:\n\ndata: h\xc3\xa9\n\n",
};

TEST_CASE("Parser: reads LF, CR and CRLF alike", "[dialects]") {
  for (int i = 0; i < 3; ++i) {
    CHECK(Parse({kStreams[i]}).data == std::vector<std::string>{"one", "two"});
  }
}

TEST_CASE("Parser: joins data lines, keeps other lines, skips a byte order mark", "[dialects]") {
  const Parsed parsed = Parse({kStreams[3]});
  CHECK(parsed.data == std::vector<std::string>{"one", "-", "two\n\n three"});
  CHECK(parsed.fields == std::vector<std::string>{"", ": note\n", "event: x\nid: 7\n"});
}

TEST_CASE("Parser: every cut into two or three pieces, and byte by byte, gives the same events",
          "[dialects]") {
  for (const std::string stream : kStreams) {
    const Parsed whole = Parse({stream});
    std::string all;
    for (const std::string& raw : whole.raw) all += raw;
    CHECK(all == stream);
    std::vector<std::string> bytes;
    for (const char c : stream) bytes.emplace_back(1, c);
    CHECK(Parse(bytes) == whole);
    for (std::size_t i = 0; i <= stream.size(); ++i) {
      for (std::size_t k = i; k <= stream.size(); ++k) {
        if (!(Parse({stream.substr(0, i), stream.substr(i, k - i), stream.substr(k)}) == whole)) {
          CAPTURE(i, k);
          FAIL("a cut changed the events");
        }
      }
    }
  }
}

TEST_CASE("Parser: an offset into the data finds its place in the raw bytes", "[dialects]") {
  Parser parser(1000);
  std::vector<Event> events;
  REQUIRE(parser.Feed("data: x\n\n: c\ndata: {\"a\":\r\ndata: \"bc\"}\r\n\r\n.", events).ok());
  REQUIRE(events.size() == 2);
  const Event& event = events[1];
  for (const char c : std::string("{a\"bc}")) {
    const std::size_t at = event.data.rfind(c);
    CHECK(event.raw[event.InRaw(at)] == c);
  }
}

TEST_CASE("Parser: an event above the limit is refused, however it arrives", "[dialects]") {
  Parser parser(100);
  std::vector<Event> events;
  REQUIRE(parser.Feed("data: " + std::string(80, 'x') + "\n\n", events).ok());
  REQUIRE(parser.Feed("data: " + std::string(80, 'x'), events).ok());
  CHECK(absl::IsResourceExhausted(parser.Feed(std::string(30, 'x'), events)));
}

TEST_CASE("Parser: a last event without its blank line is completed", "[dialects]") {
  for (const std::string end : {"", "\n", "\r", "\r\n"}) {
    CAPTURE(end);
    Parser parser(100);
    std::vector<Event> events;
    REQUIRE(parser.Feed("data: one\n\nevent: x\ndata: last" + end, events).ok());
    REQUIRE(events.size() == 1);
    parser.Finish(events);
    REQUIRE(events.size() == 2);
    CHECK(events[1].data == "last");
    CHECK(events[1].fields == "event: x\n");
    CHECK(parser.empty());
    // As sent on, it is complete.
    Parser again(100);
    std::vector<Event> read;
    REQUIRE(again.Feed(events[1].raw, read).ok());
    REQUIRE(read.size() == 1);
    CHECK(read[0].data == "last");
  }
}

TEST_CASE("Parser: a last event without data is not returned", "[dialects]") {
  for (const char* end : {": not", "event: x\n", "dat"}) {
    Parser parser(100);
    std::vector<Event> events;
    REQUIRE(parser.Feed(end, events).ok());
    parser.Finish(events);
    CHECK(events.empty());
    CHECK_FALSE(parser.empty());
  }
}

}  // namespace
}  // namespace countersign::dialects::sse
