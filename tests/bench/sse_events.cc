#include "tests/bench/sse_events.h"

#include <time.h>

#include <array>
#include <charconv>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::bench {
namespace {

constexpr absl::string_view kIdMark = "\"chatcmpl-";
constexpr absl::string_view kContentMark = "\"content\":\"";

constexpr std::array<absl::string_view, 16> kWords = {
    "The",  " proximity", " keeps", " a",  " record", " of",    " every",   " answer",
    " and", " forgets",   " no",    " it", " was",    " asked", " quietly", "."};

}  // namespace

std::int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string ContentEvent(std::int64_t sent_ns, int index, absl::string_view content) {
  return absl::StrCat("data: {\"id\":\"chatcmpl-", sent_ns, "-", index,
                      "\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":"
                      "\"bench-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
                      content, "\"},\"finish_reason\":null}]}\n\n");
}

absl::string_view EventText(int index) {
  return kWords[static_cast<std::size_t>(index) % kWords.size()];
}

std::int64_t TextBytesUpTo(int index) {
  std::int64_t bytes = 0;
  for (int i = 0; i <= index; ++i) bytes += static_cast<std::int64_t>(EventText(i).size());
  return bytes;
}

std::optional<SeenEvent> ReadContentEvent(absl::string_view line) {
  const std::size_t content = line.find(kContentMark);
  if (content == absl::string_view::npos) return std::nullopt;
  SeenEvent event;
  const std::size_t begin = content + kContentMark.size();
  const std::size_t close = line.find('"', begin);
  if (close == absl::string_view::npos) return std::nullopt;
  event.content_bytes = static_cast<std::int64_t>(close - begin);
  const std::size_t id = line.find(kIdMark);
  if (id == absl::string_view::npos) return event;
  const char* const end = line.data() + line.size();
  const auto sent = std::from_chars(line.data() + id + kIdMark.size(), end, event.sent_ns);
  if (sent.ec != std::errc() || sent.ptr == end || *sent.ptr != '-' ||
      std::from_chars(sent.ptr + 1, end, event.index).ec != std::errc()) {
    event.sent_ns = 0;
  }
  return event;
}

void LineCutter::Feed(absl::string_view bytes, absl::FunctionRef<void(absl::string_view)> on_line) {
  for (std::size_t end = bytes.find('\n'); end != absl::string_view::npos; end = bytes.find('\n')) {
    if (line_.empty()) {
      on_line(bytes.substr(0, end));
    } else {
      line_.append(bytes.data(), end);
      on_line(line_);
      line_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  line_.append(bytes.data(), bytes.size());
}

}  // namespace countersign::bench
