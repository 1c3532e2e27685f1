#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What all targets share. A target is the function Run in a file of its own: it derives what it
// needs from the bytes, checks a property, and ends the process with a message where the property
// does not hold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace countersign::fuzz {

// Takes decisions from the front of the bytes, and leaves the rest as the text to work on.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t Byte();  // 0 once nothing is left
  // What stands before the next byte of this value, which is taken too; everything if none does.
  absl::string_view Until(char separator);
  absl::string_view Rest() const { return rest_; }

 private:
  absl::string_view rest_;
};

// The target.
void Run(Input input);

// `text` in pieces of 1 to 32 bytes whose lengths follow from `seed`; 0: bytes one at a time.
std::vector<absl::string_view> Cut(absl::string_view text, std::uint8_t seed);

// Ends the process with `what` and the details when `holds` is false.
void Require(bool holds, const char* what, absl::string_view details = "");

}  // namespace countersign::fuzz
