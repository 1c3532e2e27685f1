#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/splice.h"

// The datatypes and raw buffers of tensors, the same over gRPC and REST. All functions are pure.
namespace countersign::dialects::kserve {

inline constexpr absl::string_view kBytesType = "BYTES";

// Bytes [begin, end) of the message.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Datatype {
  absl::string_view name;
  std::size_t size;            // of a value in a raw buffer; 0: BYTES
  absl::string_view contents;  // gRPC's field for its values; "": raw buffers only
};

// Null for an unknown one.
const Datatype* FindDatatype(absl::string_view name);

// The number of values in a tensor of this shape; nullopt when no tensor has it.
std::optional<std::uint64_t> CountValues(const std::vector<std::int64_t>& shape);

// Takes a raw buffer of BYTES, at `buffer` of `message`, apart: each element follows its length, of
// four bytes. False when one is cut off.
bool SplitElements(absl::string_view message, Span buffer, std::vector<Span>& elements,
                   std::vector<LengthPrefix>& lengths);

// "INT64; shape=2x3"
std::string DescribeTensor(absl::string_view datatype, const std::vector<std::int64_t>& shape);

// "/inputs/<name>", a JSON pointer.
std::string MakeInputPointer(absl::string_view name);

}  // namespace countersign::dialects::kserve
