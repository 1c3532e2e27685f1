#include "libs/http/http2/outgoing_fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace countersign::http::http2 {
namespace {

bool IsExcluded(absl::string_view name, absl::string_view value) {
  for (const char* ours : {"content-length", "transfer-encoding", "connection", "keep-alive",
                           "proxy-connection", "upgrade"}) {
    if (absl::EqualsIgnoreCase(name, ours)) return true;
  }
  return absl::EqualsIgnoreCase(name, "te") && !absl::EqualsIgnoreCase(value, "trailers");
}

}  // namespace

void OutgoingFields::Add(absl::string_view name, absl::string_view value) {
  text_.emplace_back(absl::AsciiStrToLower(name), std::string(value));
}

void OutgoingFields::AddAll(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(value);
    if (!IsExcluded(name, stripped) && IsFieldValue(value)) Add(name, stripped);
  }
}

std::vector<nghttp2_nv> OutgoingFields::Views() {
  std::vector<nghttp2_nv> views;
  views.reserve(text_.size());
  for (auto& [name, value] : text_) {
    views.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                     reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                     NGHTTP2_NV_FLAG_NONE});
  }
  return views;
}

}  // namespace countersign::http::http2
