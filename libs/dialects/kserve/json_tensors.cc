#include "libs/dialects/kserve/json_tensors.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace countersign::dialects::kserve {
namespace {

using json::Type;
using json::Value;

void Flatten(const Value& value, std::vector<Value>& values) {
  if (!value.is(Type::kArray)) return values.push_back(value);
  for (std::size_t i = 0; i < value.size(); ++i) Flatten(value.at(i), values);
}

void AppendLittleEndian(std::uint64_t bits, std::size_t size, std::string& raw) {
  for (std::size_t i = 0; i < size; ++i) raw += static_cast<char>(bits >> (8 * i));
}

template <typename Float>
std::optional<std::uint64_t> FloatBits(const Value& value) {
  const std::optional<double> number = value.number();
  if (!number || std::abs(*number) > std::numeric_limits<Float>::max()) return std::nullopt;
  const auto as_float = static_cast<Float>(*number);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &as_float, sizeof(as_float));  // all targets are little-endian
  return bits;
}

std::optional<std::uint64_t> IntegerBits(absl::string_view literal, std::size_t size,
                                         bool is_signed) {
  const std::size_t unused = 64 - 8 * size;
  if (is_signed) {
    std::int64_t number = 0;
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() >> unused;
    if (!absl::SimpleAtoi(literal, &number) || number > most || number < -most - 1) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(number);
  }
  std::uint64_t number = 0;
  if (!absl::SimpleAtoi(literal, &number) ||
      number > std::numeric_limits<std::uint64_t>::max() >> unused) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::uint64_t> ReadBits(const Datatype& datatype, const Value& value,
                                      absl::string_view literal) {
  if (datatype.name == "BOOL") {
    if (value.boolean()) return *value.boolean() ? 1 : 0;
    if (literal == "0" || literal == "1") return literal == "1" ? 1 : 0;
    return std::nullopt;
  }
  if (!value.is(Type::kNumber)) return std::nullopt;
  if (datatype.name == "FP32") return FloatBits<float>(value);
  if (datatype.name == "FP64") return FloatBits<double>(value);
  return IntegerBits(literal, datatype.size, absl::StartsWith(datatype.name, "INT"));
}

}  // namespace

std::vector<Value> FlattenData(const Value& data) {
  std::vector<Value> values;
  Flatten(data, values);
  return values;
}

std::optional<std::string> WriteRaw(const Datatype& datatype, const std::vector<Value>& values,
                                    absl::string_view source) {
  if (datatype.contents.empty()) return std::nullopt;
  std::string raw;
  raw.reserve(values.size() * datatype.size);
  for (const Value& value : values) {
    const absl::string_view literal = source.substr(value.begin(), value.end() - value.begin());
    const std::optional<std::uint64_t> bits = ReadBits(datatype, value, literal);
    if (!bits) return std::nullopt;
    AppendLittleEndian(*bits, datatype.size, raw);
  }
  return raw;
}

std::optional<std::vector<std::int64_t>> ReadShape(const Value& shape) {
  if (!shape.is(Type::kArray)) return std::nullopt;
  std::vector<std::int64_t> dimensions;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::optional<std::int64_t> dimension = shape.at(i).integer();
    if (!dimension) return std::nullopt;
    dimensions.push_back(*dimension);
  }
  return dimensions;
}

std::optional<BinarySize> ReadBinarySize(const Value& tensor) {
  const Value value = tensor["parameters"]["binary_data_size"];
  const std::optional<std::int64_t> bytes = value.integer();
  if (!bytes || *bytes < 0) return std::nullopt;
  return BinarySize{value, static_cast<std::size_t>(*bytes)};
}

std::optional<std::size_t> ReadHeadSize(absl::string_view value, std::size_t most) {
  std::size_t size = 0;
  if (!absl::SimpleAtoi(value, &size) || size > most) return std::nullopt;
  return size;
}

}  // namespace countersign::dialects::kserve
