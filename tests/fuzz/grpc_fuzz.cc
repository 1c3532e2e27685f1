// gRPC's wire format. Frames do not depend on how the bytes are cut; what is decompressed stays
// within its limit; what is read from a field and written again is the same. Input: cut, bytes.

#include <optional>

#include "libs/grpc_wire/fields.h"
#include "libs/grpc_wire/frames.h"
#include "libs/grpc_wire/gzip.h"
#include "libs/grpc_wire/web_text.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

constexpr std::size_t kMostBytes = 1 << 12;

struct Read {
  std::string frames;  // written again
  bool refused = false;
  bool torn = false;
  friend bool operator==(const Read&, const Read&) = default;
};

Read ReadFrames(const std::vector<absl::string_view>& pieces) {
  grpc_wire::FrameReader reader(kMostBytes);
  Read read;
  for (const absl::string_view piece : pieces) {
    reader.Feed(piece);
    while (true) {
      const auto frame = reader.Next();
      read.refused = !frame.ok();
      if (read.refused) return read;
      if (!frame->has_value()) break;
      read.frames += grpc_wire::EncodeFrame((*frame)->flags, (*frame)->payload);
    }
  }
  read.torn = !reader.empty();
  return read;
}

void CheckFrames(absl::string_view bytes, std::uint8_t cut) {
  const Read read = ReadFrames({bytes});
  Require(read == ReadFrames(Cut(bytes, cut)), "other frames", bytes);
  Require(bytes.substr(0, read.frames.size()) == read.frames, "the frames are not the bytes",
          bytes);
  Require(read.refused || read.torn || read.frames.size() == bytes.size(), "bytes are lost", bytes);
}

void CheckGzip(absl::string_view bytes) {
  const auto content = grpc_wire::Gunzip(bytes, kMostBytes);
  if (content.ok()) Require(content->size() <= kMostBytes, "above the limit", bytes);
  const absl::string_view few = bytes.substr(0, kMostBytes);
  const auto same = grpc_wire::Gunzip(grpc_wire::Gzip(few), few.size());
  Require(same.ok() && *same == few, "what was compressed is not read back", few);
}

std::optional<std::string> ReadText(const std::vector<absl::string_view>& pieces) {
  grpc_wire::WebTextReader reader;
  std::string bytes;
  for (const absl::string_view piece : pieces) {
    const auto read = reader.Feed(piece);
    if (!read.ok()) return std::nullopt;
    bytes += *read;
  }
  return bytes;
}

void CheckText(absl::string_view bytes, std::uint8_t cut) {
  Require(ReadText({bytes}) == ReadText(Cut(bytes, cut)), "another text", bytes);
  Require(ReadText(Cut(grpc_wire::EncodeWebText(bytes), cut)) == bytes, "not the text", bytes);
}

void CheckFields(absl::string_view bytes) {
  Require(grpc_wire::PercentDecode(grpc_wire::PercentEncode(bytes)) == bytes, "another message",
          bytes);
  const auto binary = grpc_wire::DecodeBinary(grpc_wire::EncodeBinary(bytes));
  Require(binary.ok() && *binary == bytes, "other bytes", bytes);
  const auto read = grpc_wire::DecodeBinary(bytes);
  if (read.ok()) {
    const std::string again = grpc_wire::EncodeBinary(*read);
    Require(again == bytes.substr(0, again.size()) && bytes.size() <= again.size() + 2,
            "two values for the same bytes", bytes);
  }
  const auto timeout = grpc_wire::ParseTimeout(bytes);
  Require(!timeout.ok() || *timeout >= absl::ZeroDuration(), "a negative timeout", bytes);
  (void)grpc_wire::ParseContentType(bytes);
  (void)grpc_wire::Accepts(bytes, "gzip");
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const absl::string_view bytes = input.Rest();
  CheckFrames(bytes, cut);
  CheckGzip(bytes);
  CheckText(bytes, cut);
  CheckFields(bytes);
}

}  // namespace countersign::fuzz
