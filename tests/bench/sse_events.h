#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

// The events of the benchmark's streams: OpenAI chunks whose `id` tells when the mock sent them, on
// the clock that all processes of a machine share, so that the delay of each can be measured at the
// other end.
namespace countersign::bench {

// Nanoseconds of the machine's monotonic clock.
std::int64_t NowNs();

// `data: {…}\n\n` with `content` as the text of its delta.
std::string ContentEvent(std::int64_t sent_ns, int index, absl::string_view content);

// The text of the event with that index: words of the length that models stream.
absl::string_view EventText(int index);
// The bytes of the texts of all events up to and with `index`.
std::int64_t TextBytesUpTo(int index);

struct SeenEvent {
  std::int64_t sent_ns = 0;  // 0: an event that the mock did not send as it is
  int index = 0;
  std::int64_t content_bytes = 0;  // without escapes; the mock sends none
};

// The event in one `data:` line, or nothing when it carries no text (a role, an end, usage,
// [DONE]).
std::optional<SeenEvent> ReadContentEvent(absl::string_view line);

// Cuts a body that arrives in pieces into lines.
class LineCutter {
 public:
  void Feed(absl::string_view bytes, absl::FunctionRef<void(absl::string_view)> on_line);
  void Clear() { line_.clear(); }

 private:
  std::string line_;
};

}  // namespace countersign::bench
