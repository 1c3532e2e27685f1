#include "libs/grpc_wire/gzip.h"

#include <catch2/catch.hpp>

namespace countersign::grpc_wire {
namespace {

TEST_CASE("Gzip: what was compressed is read back, up to the limit", "[grpc_wire]") {
  for (const std::size_t size : {0, 1, 100, 65'536, 65'537, 1'000'000}) {
    const std::string text(size, 'a');
    CHECK(Gunzip(Gzip(text), size).value() == text);
    CHECK(Gunzip(Gzip(text), size + 1).value() == text);
    if (size > 0) CHECK(absl::IsResourceExhausted(Gunzip(Gzip(text), size - 1).status()));
  }
}

TEST_CASE("Gunzip: a bomb is refused at the limit", "[grpc_wire]") {
  const std::string bomb = Gzip(std::string(64u << 20, '\0'));
  CHECK(bomb.size() < 400'000);
  CHECK(absl::IsResourceExhausted(Gunzip(bomb, 1000).status()));
}

TEST_CASE("Gunzip: members follow each other", "[grpc_wire]") {
  CHECK(Gunzip(Gzip("one ") + Gzip("two"), 100).value() == "one two");
  CHECK(absl::IsResourceExhausted(Gunzip(Gzip("one ") + Gzip("two"), 6).status()));
}

TEST_CASE("Gunzip: refuses what is not whole gzip", "[grpc_wire]") {
  const std::string whole = Gzip("some text that is compressed");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(absl::IsInvalidArgument(Gunzip(whole.substr(0, size), 100).status()));
  }
  CHECK(absl::IsInvalidArgument(Gunzip(whole + "x", 100).status()));
  std::string changed = whole;
  changed[changed.size() - 5] ^= 1;  // the checksum
  CHECK(absl::IsInvalidArgument(Gunzip(changed, 100).status()));
  CHECK(absl::IsInvalidArgument(Gunzip("plain", 100).status()));
}

}  // namespace
}  // namespace countersign::grpc_wire
