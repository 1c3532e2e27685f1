#pragma once

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace countersign::bench {

// Incremental parser of HTTP/1.1 messages, just sufficient for a load generator and a mock with
// known peers. Bodies have a Content-Length or are chunked.
class MessageReader {
 public:
  enum class State { kHead, kBody, kDone, kBroken };

  // Consumes bytes up to the end of the message and passes body bytes to `on_body`. Returns the
  // number of consumed bytes.
  std::size_t Feed(absl::string_view bytes, absl::FunctionRef<void(absl::string_view)> on_body);

  State state() const { return state_; }
  // The lines of the head. Valid once the body starts.
  absl::string_view head() const { return head_; }
  // The status, such as 200; 0 for a request.
  int status() const { return status_; }

  // Prepares for the next message.
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
  std::size_t left_ = 0;  // remaining bytes of the body or chunk
  Chunk chunk_ = Chunk::kSize;
  std::string line_;
};

}  // namespace countersign::bench
