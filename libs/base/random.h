#pragma once

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace countersign {

// The randomness seam. Implementations are thread-safe; SystemRandom is the kernel's CSPRNG and
// never fails (it aborts the process, because nothing that needs randomness can go on without it).
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(void* data, std::size_t size) = 0;

  std::string Bytes(std::size_t size);
};

class SystemRandom final : public RandomSource {
 public:
  void Fill(void* data, std::size_t size) override;
};

// A UUID version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits; sorts by time as text.
std::string UuidV7(absl::Time now, RandomSource& random);

}  // namespace countersign
