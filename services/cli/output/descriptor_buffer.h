#pragma once

#include <array>
#include <streambuf>

namespace countersign::cli::output {

// What is written to a stream goes to an open file, in blocks. Unlike the standard streams' own
// buffers it keeps why a write failed: from then on every flush fails with that errno again, and
// nothing more is written. Flush before it is destroyed. Not thread-safe.
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
