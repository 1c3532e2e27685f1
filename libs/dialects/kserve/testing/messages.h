#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/grpc_wire/frames.h"

// Writes messages of KServe's V2 protocol, for tests.
namespace countersign::dialects::kserve::testing {

inline std::string Number(std::uint32_t number, std::uint64_t value) {
  std::string bytes(1, static_cast<char>(number << 3));
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes += static_cast<char>(value);
}

inline std::string Bytes(std::uint32_t number, absl::string_view content) {
  // A length is written like a number, with another tag.
  std::string bytes = Number(number, content.size());
  bytes[0] = static_cast<char>(number << 3 | 2);
  return absl::StrCat(bytes, content);
}

// An element of a raw buffer.
inline std::string Element(absl::string_view bytes) {
  std::string length;
  for (int shift = 0; shift < 32; shift += 8) length += static_cast<char>(bytes.size() >> shift);
  return absl::StrCat(length, bytes);
}

inline std::string Parameter(absl::string_view name, const std::string& value) {
  return Bytes(4, Bytes(1, name) + Bytes(2, value));
}

// An input or an output, field 5 of its message: `contents` are the fields of its contents.
inline std::string Tensor(absl::string_view name, absl::string_view datatype,
                          const std::vector<std::uint64_t>& shape, const std::string& contents = "",
                          const std::string& more = "") {
  std::string tensor = Bytes(1, name) + Bytes(2, datatype) + more;
  for (const std::uint64_t dimension : shape) tensor += Number(3, dimension);
  if (!contents.empty()) tensor += Bytes(5, contents);
  return Bytes(5, tensor);
}

inline std::string Text(absl::string_view name, absl::string_view text) {
  return Tensor(name, "BYTES", {1}, Bytes(8, text));
}

// What begins a request and a response.
inline std::string Model(absl::string_view name, absl::string_view id = "") {
  return Bytes(1, name) + (id.empty() ? "" : Bytes(3, id));
}

inline std::string Frame(const std::string& message) { return grpc_wire::EncodeFrame(0, message); }

}  // namespace countersign::dialects::kserve::testing
