#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

// The events of the benchmark's streams: OpenAI chunks whose `id` contains the mock's sending time
// on the machine's shared monotonic clock, so that the receiver can measure each event's delay.
namespace countersign::bench {

// Nanoseconds of the machine's monotonic clock.
std::int64_t NowNs();

// `data: {…}\n\n` with `content` as the text of its delta.
std::string ContentEvent(std::int64_t sent_ns, int index, absl::string_view content);

// The text of the event with that index: words of a length that models stream.
absl::string_view EventText(int index);
// The total length of the texts of all events up to and including `index`.
std::int64_t TextBytesUpTo(int index);

struct SeenEvent {
  std::int64_t sent_ns = 0;  // 0: not an event of the mock
  int index = 0;
  std::int64_t content_bytes = 0;  // without escapes; the mock sends none
};

// The event in one `data:` line; nullopt when it has no text (a role, an end, usage, [DONE]).
std::optional<SeenEvent> ReadContentEvent(absl::string_view line);

// Splits a body that arrives in pieces into lines.
class LineCutter {
 public:
  void Feed(absl::string_view bytes, absl::FunctionRef<void(absl::string_view)> on_line);
  void Clear() { line_.clear(); }

 private:
  std::string line_;
};

}  // namespace countersign::bench
