#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/kserve/datatypes.h"
#include "libs/json/document.h"

// Tensors in JSON. All functions are pure.
namespace countersign::dialects::kserve {

// The values of `data`, an array of values or of such arrays, in row-major order.
std::vector<json::Value> FlattenData(const json::Value& data);

// The same as a raw buffer of `datatype`; `source` is what they were parsed from. nullopt when one
// is no value of the datatype, or it has no JSON form (FP16, BF16).
std::optional<std::string> WriteRaw(const Datatype& datatype,
                                    const std::vector<json::Value>& values,
                                    absl::string_view source);

// nullopt when `shape` is no list of dimensions.
std::optional<std::vector<std::int64_t>> ReadShape(const json::Value& shape);

// The bytes that follow the JSON for a tensor: the value of its parameter `binary_data_size`.
// nullopt when it has none.
struct BinarySize {
  json::Value value;
  std::size_t bytes = 0;
};
std::optional<BinarySize> ReadBinarySize(const json::Value& tensor);

// The value of the header `inference-header-content-length`: the size of the JSON before binary
// data. nullopt when `value` is none, or above `most`.
inline constexpr absl::string_view kHeadSizeHeader = "inference-header-content-length";
std::optional<std::size_t> ReadHeadSize(absl::string_view value, std::size_t most);

}  // namespace countersign::dialects::kserve
