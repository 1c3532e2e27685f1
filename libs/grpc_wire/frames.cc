#include "libs/grpc_wire/frames.h"

#include "absl/strings/str_cat.h"

namespace countersign::grpc_wire {

std::string EncodeFrame(std::uint8_t flags, absl::string_view payload) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  std::string frame;
  frame.reserve(kFrameHeadBytes + payload.size());
  frame.push_back(static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(size >> shift));
  frame.append(payload.data(), payload.size());
  return frame;
}

absl::StatusOr<std::optional<Frame>> FrameReader::Next() {
  if (buffer_.size() < kFrameHeadBytes) return std::optional<Frame>();
  std::size_t size = 0;
  for (std::size_t i = 1; i < kFrameHeadBytes; ++i) {
    size = size << 8 | static_cast<unsigned char>(buffer_[i]);
  }
  if (size > max_payload_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a message of ", size, " bytes is larger than the limit of ", max_payload_bytes_));
  }
  if (buffer_.size() - kFrameHeadBytes < size) return std::optional<Frame>();
  Frame frame{static_cast<std::uint8_t>(buffer_[0]), buffer_.substr(kFrameHeadBytes, size)};
  buffer_.erase(0, kFrameHeadBytes + size);
  return std::optional<Frame>(std::move(frame));
}

}  // namespace countersign::grpc_wire
