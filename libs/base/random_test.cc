#include "libs/base/random.h"

#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

namespace countersign {
namespace {

// Returns one byte repeatedly.
class ConstantSource final : public RandomSource {
 public:
  explicit ConstantSource(char byte) : byte_(byte) {}
  void Fill(void* data, std::size_t size) override {
    std::string(size, byte_).copy(static_cast<char*>(data), size);
  }

 private:
  char byte_;
};

TEST_CASE("RandomSource: Bytes returns the requested number of bytes", "[base]") {
  SystemRandom random;
  for (const std::size_t size : {0, 1, 32, 1000}) CHECK(random.Bytes(size).size() == size);
}

TEST_CASE("SystemRandom: returns different bytes each time", "[base]") {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random.Bytes(16));
  CHECK(seen.size() == 100);
}

TEST_CASE("SystemRandom: no eight bytes are handed out twice, whatever the sizes and threads",
          "[base]") {
  SystemRandom random;
  std::vector<std::string> drawn(4);
  std::vector<std::thread> threads;
  for (std::string& bytes : drawn) {
    threads.emplace_back([&] {
      for (std::size_t size = 8; size <= 96; size += 8) bytes += random.Bytes(size);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> seen;
  std::size_t pieces = 0;
  for (const std::string& bytes : drawn) {
    for (std::size_t at = 0; at < bytes.size(); at += 8, ++pieces) seen.insert(bytes.substr(at, 8));
  }
  CHECK(seen.size() == pieces);
}

TEST_CASE("UuidV7: the time is in front, version and variant overwrite the random bits", "[base]") {
  ConstantSource ones('\xff');
  ConstantSource zeros('\0');
  const absl::Time time = absl::FromUnixMillis(0x0123456789ab);
  CHECK(UuidV7(time, ones) == "01234567-89ab-7fff-bfff-ffffffffffff");
  CHECK(UuidV7(time, zeros) == "01234567-89ab-7000-8000-000000000000");
}

TEST_CASE("IsUuid: 36 characters in lower case, and nothing else", "[base]") {
  SystemRandom random;
  CHECK(IsUuid(UuidV7(absl::FromUnixMillis(1), random)));
  CHECK(IsUuid("00000000-0000-0000-0000-000000000000"));
  for (const char* const other :
       {"", "0123456789ab7fffbfffffffffffffffffff", "01234567-89AB-7fff-bfff-ffffffffffff",
        "01234567-89ab-7fff-bfff-fffffffffff", "01234567-89ab-7fff-bfff-ffffffffffff0",
        "{1234567-89ab-7fff-bfff-fffffffffff}", "01234567089ab-7fff-bfff-ffffffffffff"}) {
    INFO(other);
    CHECK_FALSE(IsUuid(other));
  }
}

}  // namespace
}  // namespace countersign
