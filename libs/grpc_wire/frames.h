#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Messages in a body: a byte of flags, the length in four bytes (big-endian), the message. gRPC,
// gRPC-Web and Connect's streams share this form and differ in the flags.
namespace countersign::grpc_wire {

inline constexpr std::size_t kFrameHeadBytes = 5;

inline constexpr std::uint8_t kCompressed = 0x01;
inline constexpr std::uint8_t kConnectEnd = 0x02;   // Connect: the end of a stream, as JSON
inline constexpr std::uint8_t kWebTrailers = 0x80;  // gRPC-Web: the trailers, as text

struct Frame {
  std::uint8_t flags = 0;
  std::string payload;
};

// REQUIRES: `payload` has less than 4 GiB.
std::string EncodeFrame(std::uint8_t flags, absl::string_view payload);

// Reads frames from bytes that arrive in pieces of any size. Not thread-safe.
class FrameReader {
 public:
  // Frames with a payload above `max_payload_bytes` are refused before they are stored.
  explicit FrameReader(std::size_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

  void Feed(absl::string_view bytes);

  // The next whole frame; nullopt until more bytes are fed. RESOURCE_EXHAUSTED when the next one
  // announces too much; nothing can be read after that.
  absl::StatusOr<std::optional<Frame>> Next();

  // Whether nothing is left: otherwise the bytes end within a frame.
  bool empty() const { return at_ == buffer_.size(); }
  std::size_t buffered() const { return buffer_.size() - at_; }  // bytes

 private:
  const std::size_t max_payload_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;  // of the next frame
};

}  // namespace countersign::grpc_wire
