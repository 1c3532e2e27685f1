#pragma once

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace countersign::bench {

// Reads HTTP/1.1 messages, requests or responses, from bytes as they arrive: just enough for a load
// generator and a mock, whose peers are ours or well known. Bodies have a Content-Length or are
// chunked.
class MessageReader {
 public:
  enum class State { kHead, kBody, kDone, kBroken };

  // Takes what it can of `bytes` and gives body bytes to `on_body`. Returns how many were taken; it
  // stops at the end of the message.
  std::size_t Feed(absl::string_view bytes, absl::FunctionRef<void(absl::string_view)> on_body);

  State state() const { return state_; }
  // The lines of the head. Valid from kBody on.
  absl::string_view head() const { return head_; }
  // 200 of "HTTP/1.1 200 OK"; 0 for a request.
  int status() const { return status_; }

  // Ready for the next message.
  void Reset();

 private:
  enum class Chunk { kSize, kData, kDataEnd, kTrailer };

  void ReadHead();
  std::size_t FeedChunked(absl::string_view bytes,
                          absl::FunctionRef<void(absl::string_view)> on_body);
  bool TakeLine(absl::string_view* bytes);

  State state_ = State::kHead;
  std::string head_;
  int status_ = 0;
  bool chunked_ = false;
  std::size_t left_ = 0;  // of the body, or of the chunk
  Chunk chunk_ = Chunk::kSize;
  std::string line_;
};

}  // namespace countersign::bench
