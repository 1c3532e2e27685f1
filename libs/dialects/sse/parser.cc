#include "libs/dialects/sse/parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/byte_order_mark.h"
#include "libs/dialects/sse/writer.h"

namespace countersign::dialects::sse {
namespace {

// The first CR or LF at or after `at`; the end of `text` if there is none.
std::size_t FindLineEnd(const std::string& text, std::size_t at) {
  while (at < text.size() && text[at] != '\r' && text[at] != '\n') ++at;
  return at;
}

}  // namespace

std::size_t Event::InRaw(std::size_t offset) const {
  const auto after =
      std::upper_bound(lines.begin(), lines.end(), offset,
                       [](std::size_t at, const DataLine& line) { return at < line.in_data; });
  const DataLine& line = *std::prev(after);
  return line.in_raw + (offset - line.in_data);
}

Event MakeEvent(absl::string_view fields, absl::string_view data) {
  const std::string raw = absl::StrCat(fields, FormatEvent(data));
  std::vector<Event> events;
  Parser parser(raw.size());
  if (parser.Feed(raw, events).ok() && !events.empty()) return std::move(events.front());
  return {};  // not reached: one event is within the limit
}

absl::Status Parser::Feed(absl::string_view bytes, std::vector<Event>& events) {
  if (event_begin_ > 0) {
    buffer_.erase(0, event_begin_);
    line_begin_ -= event_begin_;
    scanned_ -= event_begin_;
    event_begin_ = 0;
  }
  absl::StrAppend(&buffer_, bytes);
  while (true) {
    const std::size_t end = FindLineEnd(buffer_, std::max(line_begin_, scanned_));
    if (end == buffer_.size()) break;
    std::size_t next = end + 1;
    if (buffer_[end] == '\r') {
      if (next == buffer_.size()) {
        scanned_ = end;  // LF may follow
        return absl::OkStatus();
      }
      if (buffer_[next] == '\n') ++next;
    }
    if (end == line_begin_) {
      TakeEvent(next, events);
    } else {
      TakeLine(end, next);
    }
  }
  scanned_ = buffer_.size();
  if (buffer_.size() - event_begin_ > max_event_bytes_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an event is larger than ", max_event_bytes_, " bytes"));
  }
  return absl::OkStatus();
}

void Parser::Finish(std::vector<Event>& events) {
  const std::size_t size = buffer_.size();
  if (size == line_begin_ + 1 && buffer_[line_begin_] == '\r') return TakeEvent(size, events);
  const std::size_t end = FindLineEnd(buffer_, line_begin_);
  if (end > line_begin_) TakeLine(end, size);
  if (!event_.has_data) return;
  TakeEvent(size, events);
  std::string& raw = events.back().raw;
  raw += raw.back() == '\n' ? "\n" : "\n\n";  // after CR the first completes CRLF
}

void Parser::TakeLine(std::size_t end, std::size_t next) {
  std::size_t begin = line_begin_;
  if (std::exchange(first_, false) &&
      absl::StartsWith(absl::string_view(buffer_).substr(begin), kByteOrderMark)) {
    begin += kByteOrderMark.size();
  }
  line_begin_ = next;
  const absl::string_view line = absl::string_view(buffer_).substr(begin, end - begin);
  const bool has_value = absl::StartsWith(line, "data:");
  if (!has_value && line != "data") {
    absl::StrAppend(&event_.fields, line, "\n");
    return;
  }
  std::size_t value = begin + (has_value ? 5 : 4);
  if (has_value && value < end && buffer_[value] == ' ') ++value;
  if (event_.has_data) event_.data += '\n';
  event_.has_data = true;
  event_.lines.push_back({event_.data.size(), value - event_begin_});
  event_.data.append(buffer_, value, end - value);
}

void Parser::TakeEvent(std::size_t end, std::vector<Event>& events) {
  first_ = false;
  event_.raw = buffer_.substr(event_begin_, end - event_begin_);
  event_begin_ = line_begin_ = scanned_ = end;
  events.push_back(std::exchange(event_, Event()));
}

}  // namespace countersign::dialects::sse
