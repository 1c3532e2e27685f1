// The events do not depend on how the bytes are cut, and no byte is lost. Input: cut, bytes.

#include "libs/dialects/sse/parser.h"

#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

constexpr std::size_t kMaxEvent = 1 << 20;

std::vector<dialects::sse::Event> Parse(const std::vector<absl::string_view>& pieces, bool* whole) {
  dialects::sse::Parser parser(kMaxEvent);
  std::vector<dialects::sse::Event> events;
  for (const absl::string_view piece : pieces) {
    Require(parser.Feed(piece, events).ok(), "an event that is small enough is refused");
  }
  parser.Finish(events);
  *whole = parser.empty();
  return events;
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const absl::string_view bytes = input.Rest();
  bool whole, cut_whole;
  const auto expected = Parse({bytes}, &whole);
  const auto events = Parse(Cut(bytes, cut), &cut_whole);
  Require(whole == cut_whole && expected.size() == events.size(), "other events", bytes);
  std::string all;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Require(events[i].raw == expected[i].raw && events[i].data == expected[i].data &&
                events[i].fields == expected[i].fields &&
                events[i].has_data == expected[i].has_data,
            "another event", events[i].raw);
    for (std::size_t at = 0; at < events[i].data.size(); ++at) {
      const char byte = events[i].data[at];
      const std::size_t in_raw = events[i].InRaw(at);
      Require(in_raw < events[i].raw.size(), "a place outside the event", events[i].raw);
      // Lines are joined by LF, whatever their line end was.
      Require(byte == '\n' || events[i].raw[in_raw] == byte, "another place", events[i].raw);
    }
    all += events[i].raw;
  }
  // The end of the stream adds the line ends that the last event lacks, and nothing else.
  absl::string_view fed = all;
  for (int added = 0; fed.size() > bytes.size() && added < 2; ++added) {
    Require(fed.back() == '\n', "something else than a line end was added", all);
    fed.remove_suffix(1);
  }
  Require(bytes.substr(0, fed.size()) == fed, "the events are not the bytes", all);
  Require(!whole || fed.size() == bytes.size(), "bytes are lost", all);
}

}  // namespace countersign::fuzz
