#include "libs/dialects/kserve/datatypes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace countersign::dialects::kserve {
namespace {

constexpr std::uint64_t kMostValues = std::uint64_t{1} << 32;
constexpr std::size_t kLengthBytes = 4;

constexpr Datatype kDatatypes[] = {{"BOOL", 1, "bool_contents"},
                                   {"UINT8", 1, "uint_contents"},
                                   {"UINT16", 2, "uint_contents"},
                                   {"UINT32", 4, "uint_contents"},
                                   {"UINT64", 8, "uint64_contents"},
                                   {"INT8", 1, "int_contents"},
                                   {"INT16", 2, "int_contents"},
                                   {"INT32", 4, "int_contents"},
                                   {"INT64", 8, "int64_contents"},
                                   {"FP16", 2, ""},
                                   {"BF16", 2, ""},
                                   {"FP32", 4, "fp32_contents"},
                                   {"FP64", 8, "fp64_contents"},
                                   {kBytesType, 0, "bytes_contents"}};

}  // namespace

const Datatype* FindDatatype(absl::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kDatatypes), std::end(kDatatypes),
                   [&](const Datatype& datatype) { return datatype.name == name; });
  return found == std::end(kDatatypes) ? nullptr : found;
}

std::optional<std::uint64_t> CountValues(const std::vector<std::int64_t>& shape) {
  std::uint64_t values = 1;
  for (const std::int64_t dimension : shape) {
    const auto size = static_cast<std::uint64_t>(dimension);
    if (dimension < 0 || (size > 0 && values > kMostValues / size)) return std::nullopt;
    values *= size;
  }
  return values;
}

bool SplitElements(absl::string_view message, Span buffer, std::vector<Span>& elements,
                   std::vector<LengthPrefix>& lengths) {
  for (std::size_t at = buffer.begin; at < buffer.end;) {
    if (buffer.end - at < kLengthBytes) return false;
    std::uint32_t length = 0;
    for (std::size_t i = kLengthBytes; i > 0; --i) {
      length = length << 8 | static_cast<unsigned char>(message[at + i - 1]);
    }
    const std::size_t begin = at + kLengthBytes;
    if (length > buffer.end - begin) return false;
    elements.push_back({begin, begin + length});
    lengths.push_back({LengthPrefix::Form::kLittleEndian32, at, begin, begin + length});
    at = begin + length;
  }
  return true;
}

std::string DescribeTensor(absl::string_view datatype, const std::vector<std::int64_t>& shape) {
  return absl::StrCat(datatype, "; shape=", absl::StrJoin(shape, "x"));
}

std::string MakeInputPointer(absl::string_view name) {
  return absl::StrCat("/inputs/", absl::StrReplaceAll(name, {{"~", "~0"}, {"/", "~1"}}));
}

}  // namespace countersign::dialects::kserve
