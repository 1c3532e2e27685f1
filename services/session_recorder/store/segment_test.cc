#include "services/session_recorder/store/segment.h"

#include <catch2/catch.hpp>

namespace countersign::session_recorder::store {
namespace {

std::vector<SealedEvent> Three() {
  std::vector<SealedEvent> events;
  for (std::uint32_t index = 5; index <= 7; ++index) {
    events.push_back({index, index == 6 ? "" : "response.data",
                      absl::FromUnixNanos(1'790'000'000'123'456'789 + index),
                      std::string(index - 5, '\0') + "\xff sealed", std::string(32, 'h')});
  }
  return events;
}

TEST_CASE("Segment: decoding returns the encoded events", "[session_recorder]") {
  const std::vector<SealedEvent> events = Three();
  const std::vector<SealedEvent> read = DecodeEvents(5, EncodeEvents(events));
  REQUIRE(read.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(read[i].index == events[i].index);
    CHECK(read[i].type == events[i].type);
    CHECK(read[i].at == events[i].at);
    CHECK(read[i].sealed == events[i].sealed);
    CHECK(read[i].hash == events[i].hash);
  }
  CHECK(DecodeEvents(1, "").empty());
}

TEST_CASE("Segment: only whole events are read from bytes that were cut or changed",
          "[session_recorder]") {
  const std::string bytes = EncodeEvents(Three());
  const std::size_t first = EncodeEvents({Three()[0]}).size();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto read = DecodeEvents(5, absl::string_view(bytes).substr(0, size));
    CHECK(read.size() <= 2);
    CHECK((size < first) == read.empty());
  }
  std::string changed = bytes;
  changed[first] = '\x7f';  // the length of the second event's type
  CHECK(DecodeEvents(5, changed).size() == 1);
}

}  // namespace
}  // namespace countersign::session_recorder::store
