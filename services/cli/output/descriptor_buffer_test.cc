#include "services/cli/output/descriptor_buffer.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ostream>
#include <string>

#include "services/cli/output/output_file.h"

namespace countersign::cli::output {
namespace {

// One end of a pipe, closed on destruction.
struct Descriptor {
  ~Descriptor() {
    if (file >= 0) close(file);
  }
  int file = -1;
};

TEST_CASE("DescriptorBuffer: everything written arrives, in whatever pieces", "[cli]") {
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  const Descriptor reader{ends[0]}, writer{ends[1]};
  DescriptorBuffer buffer(writer.file);
  std::ostream out(&buffer);
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    out << i << '\n';
    expected += std::to_string(i) + "\n";
  }
  REQUIRE(Flush(out).ok());
  std::string received(expected.size() + 1, '\0');
  REQUIRE(read(reader.file, received.data(), received.size()) ==
          static_cast<ssize_t>(expected.size()));
  received.pop_back();
  CHECK(received == expected);
}

TEST_CASE("DescriptorBuffer: every flush after a failed write reports its reason", "[cli]") {
  const Descriptor full{open("/dev/full", O_WRONLY)};
  REQUIRE(full.file >= 0);
  DescriptorBuffer buffer(full.file);
  std::ostream out(&buffer);
  // The write fails when a block is full, long before a flush.
  out << std::string(100'000, 'x');
  errno = 0;
  CHECK_FALSE(out.good());
  for (int i = 0; i < 2; ++i) {
    CHECK(Flush(out).message() == "cannot write to standard output: No space left on device");
  }
}

}  // namespace
}  // namespace countersign::cli::output
