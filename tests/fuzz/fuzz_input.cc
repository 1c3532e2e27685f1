#include "tests/fuzz/fuzz_input.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace countersign::fuzz {

std::uint8_t Input::Byte() {
  if (rest_.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return byte;
}

absl::string_view Input::Until(char separator) {
  const std::size_t at = rest_.find(separator);
  const absl::string_view before = rest_.substr(0, at);
  rest_.remove_prefix(std::min(rest_.size(), before.size() + 1));
  return before;
}

std::vector<absl::string_view> Cut(absl::string_view text, std::uint8_t seed) {
  std::vector<absl::string_view> pieces;
  std::uint32_t state = seed;
  while (!text.empty()) {
    state = state * 1664525u + 1013904223u;  // Numerical Recipes' generator: any will do
    const std::size_t size = seed == 0 ? 1 : 1 + (state >> 27);
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(std::min(text.size(), size));
  }
  return pieces;
}

void Require(bool holds, const char* what, absl::string_view details) {
  if (holds) return;
  std::cerr << "property violated: " << what << "\n" << details << std::endl;
  std::abort();
}

}  // namespace countersign::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  countersign::fuzz::Run({data, size});
  return 0;
}
