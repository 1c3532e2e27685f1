#include "libs/grpc_wire/web_text.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "libs/grpc_wire/fields.h"

namespace countersign::grpc_wire {

absl::StatusOr<std::string> WebTextReader::Feed(absl::string_view text) {
  constexpr std::size_t kGroup = 4;
  rest_.append(text.data(), text.size());
  const absl::string_view whole =
      absl::string_view(rest_).substr(0, rest_.size() / kGroup * kGroup);
  std::string bytes;
  bytes.reserve(whole.size() / kGroup * 3);
  // A part ends with the first group that has padding.
  for (std::size_t begin = 0; begin < whole.size();) {
    const std::size_t padding = whole.find('=', begin);
    const std::size_t end =
        padding == absl::string_view::npos ? whole.size() : padding / kGroup * kGroup + kGroup;
    absl::StatusOr<std::string> part = DecodeBinary(whole.substr(begin, end - begin));
    if (!part.ok()) return absl::InvalidArgumentError("the body is not base64");
    bytes += *part;
    begin = end;
  }
  rest_.erase(0, whole.size());
  return bytes;
}

std::string EncodeWebText(absl::string_view bytes) { return absl::Base64Escape(bytes); }

}  // namespace countersign::grpc_wire
