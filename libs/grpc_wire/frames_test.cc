#include "libs/grpc_wire/frames.h"

#include <catch2/catch.hpp>
#include <vector>

namespace countersign::grpc_wire {
namespace {

TEST_CASE("EncodeFrame: flags, then the length in big-endian order", "[grpc_wire]") {
  CHECK(EncodeFrame(0, "abc") == std::string("\0\0\0\0\3abc", 8));
  CHECK(EncodeFrame(kWebTrailers, "") == std::string("\x80\0\0\0\0", 5));
  CHECK(EncodeFrame(1, std::string(0x010203, 'x')).substr(0, 5) == std::string("\1\0\1\2\3", 5));
}

TEST_CASE("FrameReader: frames do not depend on how the bytes are cut", "[grpc_wire]") {
  const std::string bytes = EncodeFrame(0, "first") + EncodeFrame(kCompressed, "") +
                            EncodeFrame(2, std::string(300, 'y'));
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    FrameReader reader(300);
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.Feed(absl::string_view(bytes).substr(at, step));
      for (auto frame = reader.Next().value(); frame; frame = reader.Next().value()) {
        frames.push_back(*frame);
      }
    }
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].payload == "first");
    CHECK(frames[1].flags == kCompressed);
    CHECK(frames[2].payload == std::string(300, 'y'));
    CHECK(reader.empty());
  }
}

TEST_CASE("FrameReader: a frame above the limit is refused by its head", "[grpc_wire]") {
  FrameReader reader(10);
  reader.Feed(EncodeFrame(0, "0123456789"));
  CHECK(reader.Next().value()->payload == "0123456789");
  reader.Feed(absl::string_view("\0\0\0\0\xb", 5));
  CHECK(absl::IsResourceExhausted(reader.Next().status()));
  FrameReader huge(10);
  huge.Feed("\xff\xff\xff\xff\xff");
  CHECK(absl::IsResourceExhausted(huge.Next().status()));
}

TEST_CASE("FrameReader: bytes that end within a frame are left", "[grpc_wire]") {
  FrameReader reader(10);
  CHECK(reader.empty());
  reader.Feed(absl::string_view("\0\0\0\0", 4));
  CHECK_FALSE(reader.Next().value().has_value());
  CHECK_FALSE(reader.empty());
}

}  // namespace
}  // namespace countersign::grpc_wire
