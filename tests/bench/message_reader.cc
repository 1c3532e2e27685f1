#include "tests/bench/message_reader.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace countersign::bench {

void MessageReader::Reset() { *this = MessageReader(); }

std::size_t MessageReader::Feed(absl::string_view bytes,
                                absl::FunctionRef<void(absl::string_view)> on_body) {
  std::size_t taken = 0;
  if (state_ == State::kHead) {
    const std::size_t seam = head_.size() < 3 ? 0 : head_.size() - 3;
    const std::size_t before = head_.size();
    head_.append(bytes.data(), bytes.size());
    const std::size_t end = head_.find("\r\n\r\n", seam);
    if (end == std::string::npos) return bytes.size();
    head_.resize(end + 4);
    taken = head_.size() - before;
    ReadHead();
  }
  if (state_ != State::kBody) return taken;
  absl::string_view rest = bytes.substr(taken);
  if (chunked_) return taken + FeedChunked(rest, on_body);
  rest = rest.substr(0, left_);
  left_ -= rest.size();
  if (!rest.empty()) on_body(rest);
  if (left_ == 0) state_ = State::kDone;
  return taken + rest.size();
}

void MessageReader::ReadHead() {
  state_ = State::kBody;
  for (absl::string_view line : absl::StrSplit(head_, "\r\n")) {
    if (absl::ConsumePrefix(&line, "HTTP/1.1 ")) {
      if (!absl::SimpleAtoi(line.substr(0, 3), &status_)) state_ = State::kBroken;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const absl::string_view name = line.substr(0, colon);
    const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
    if (absl::EqualsIgnoreCase(name, "content-length")) {
      if (!absl::SimpleAtoi(value, &left_)) state_ = State::kBroken;
    } else if (absl::EqualsIgnoreCase(name, "transfer-encoding")) {
      chunked_ = absl::EqualsIgnoreCase(value, "chunked");
    }
  }
  if (state_ == State::kBody && !chunked_ && left_ == 0) state_ = State::kDone;
}

bool MessageReader::TakeLine(absl::string_view* bytes) {
  const std::size_t end = bytes->find('\n');
  if (end == absl::string_view::npos) {
    line_.append(bytes->data(), bytes->size());
    bytes->remove_prefix(bytes->size());
    return false;
  }
  line_.append(bytes->data(), end);
  bytes->remove_prefix(end + 1);
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  return true;
}

std::size_t MessageReader::FeedChunked(absl::string_view bytes,
                                       absl::FunctionRef<void(absl::string_view)> on_body) {
  const std::size_t all = bytes.size();
  while (!bytes.empty() && state_ == State::kBody) {
    if (chunk_ == Chunk::kData) {
      const absl::string_view data = bytes.substr(0, left_);
      on_body(data);
      bytes.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) chunk_ = Chunk::kDataEnd;
      continue;
    }
    if (!TakeLine(&bytes)) break;
    if (chunk_ == Chunk::kSize) {
      const auto [end, error] =
          std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
      if (error != std::errc() || end == line_.data()) state_ = State::kBroken;
      chunk_ = left_ == 0 ? Chunk::kTrailer : Chunk::kData;
    } else if (chunk_ == Chunk::kDataEnd) {
      chunk_ = Chunk::kSize;
    } else if (line_.empty()) {
      state_ = State::kDone;
    }
    line_.clear();
  }
  return all - bytes.size();
}

}  // namespace countersign::bench
