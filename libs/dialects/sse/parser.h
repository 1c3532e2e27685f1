#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects::sse {

// One block of a server-sent event stream, up to and including its blank line.
struct Event {
  std::string raw;   // exactly the received bytes
  std::string data;  // the data lines, joined by LF
  bool has_data = false;
  std::string fields;  // lines beside the data: comments and other fields, LF after each

  // The position in `raw` of the byte at `offset` of `data`.
  std::size_t InRaw(std::size_t offset) const;

  struct DataLine {
    std::size_t in_data;
    std::size_t in_raw;
  };
  std::vector<DataLine> lines;
};

// An event of `fields`, as in Event, and `data`.
Event MakeEvent(absl::string_view fields, absl::string_view data);

// Splits bytes into events (WHATWG HTML §9.2: lines end in LF, CR or CRLF; a byte order mark may
// come first). The events do not depend on how the bytes are cut into pieces: an event whose last
// byte is CR is returned when the byte after it is known. The raw bytes of all events,
// concatenated, are a prefix of the bytes that were fed; line ends are added to a last one that is
// cut.
class Parser {
 public:
  explicit Parser(std::size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

  // Appends the events that are complete after `bytes`. RESOURCE_EXHAUSTED when one is above the
  // limit.
  absl::Status Feed(absl::string_view bytes, std::vector<Event>& events);

  // To be called at the end of the stream: appends the last event if it has data, also without its
  // blank line, which its `raw` then has.
  void Finish(std::vector<Event>& events);

  // True when every byte that was fed belongs to a returned event.
  bool empty() const { return event_begin_ == buffer_.size(); }

 private:
  void TakeLine(std::size_t end, std::size_t next);
  void TakeEvent(std::size_t end, std::vector<Event>& events);

  const std::size_t max_event_bytes_;
  std::string buffer_;
  std::size_t event_begin_ = 0;  // position in buffer_ of the current event
  std::size_t line_begin_ = 0;   // position of the current line
  std::size_t scanned_ = 0;      // there is no line end between line_begin_ and this
  bool first_ = true;            // at the beginning: a byte order mark may follow
  Event event_;
};

}  // namespace countersign::dialects::sse
