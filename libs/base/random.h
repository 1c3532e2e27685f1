#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace countersign {

// The source of randomness. Implementations are thread-safe. SystemRandom is the kernel's CSPRNG;
// it aborts the process if that fails, because nothing that needs randomness could continue.
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

// A UUID version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits. Sorts by time as text.
std::string UuidV7(absl::Time now, RandomSource& random);

// Whether `text` is a UUID as it is written here: 36 characters, letters in lower case.
bool IsUuid(absl::string_view text);

}  // namespace countersign
