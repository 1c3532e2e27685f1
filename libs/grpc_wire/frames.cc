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

// Frames that were read are dropped all at once: many small ones may come together.
void FrameReader::Feed(absl::string_view bytes) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.append(bytes.data(), bytes.size());
}

absl::StatusOr<std::optional<Frame>> FrameReader::Next() {
  const absl::string_view rest = absl::string_view(buffer_).substr(at_);
  if (rest.size() < kFrameHeadBytes) return std::optional<Frame>();
  std::size_t size = 0;
  for (std::size_t i = 1; i < kFrameHeadBytes; ++i) {
    size = size << 8 | static_cast<unsigned char>(rest[i]);
  }
  if (size > max_payload_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a message of ", size, " bytes is larger than the limit of ", max_payload_bytes_));
  }
  if (rest.size() - kFrameHeadBytes < size) return std::optional<Frame>();
  Frame frame{static_cast<std::uint8_t>(rest[0]), std::string(rest.substr(kFrameHeadBytes, size))};
  at_ += kFrameHeadBytes + size;
  return std::optional<Frame>(std::move(frame));
}

}  // namespace countersign::grpc_wire
