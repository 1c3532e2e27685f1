#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// Shared by all targets. A target is the function Run in a file: it derives its input from the
// bytes, checks a property, and aborts with a message when the property does not hold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace countersign::fuzz {

// Takes parameters from the front of the bytes; the rest is the text to work on.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t Byte();  // 0 when no bytes are left
  // The bytes before the next `separator`, which is consumed, too; all bytes if there is none.
  absl::string_view Until(char separator);
  absl::string_view Rest() const { return rest_; }

 private:
  absl::string_view rest_;
};

// The target.
void Run(Input input);

// `text` in pieces of 1 to 32 bytes whose lengths depend on `seed`; 0: single bytes.
std::vector<absl::string_view> Cut(absl::string_view text, std::uint8_t seed);

// Aborts with `what` and the details unless `holds`.
void Require(bool holds, const char* what, absl::string_view details = "");

}  // namespace countersign::fuzz
