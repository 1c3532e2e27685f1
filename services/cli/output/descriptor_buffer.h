#pragma once

#include <array>
#include <streambuf>

namespace countersign::cli::output {

// A stream buffer that writes to an open file in blocks. Unlike the standard buffers it remembers
// why a write failed: after that, every flush fails with the same errno and nothing more is
// written. Flush before it is destroyed. Not thread-safe.
class DescriptorBuffer final : public std::streambuf {
 public:
  explicit DescriptorBuffer(int file);

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  const int file_;
  int error_ = 0;  // errno of the write that failed
  std::array<char, 16 * 1024> block_;
};

}  // namespace countersign::cli::output
