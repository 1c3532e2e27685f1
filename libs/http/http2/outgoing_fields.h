#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/http/message.h"

namespace countersign::http::http2 {

// A header list that is sent, in the form of nghttp2, which copies it when it is submitted.
class OutgoingFields {
 public:
  void Add(absl::string_view name, absl::string_view value);
  // Without the fields of a connection, which HTTP/2 forbids (RFC 9113, section 8.2.2), and without
  // those that the session sets.
  void AddAll(const Headers& headers);
  std::vector<nghttp2_nv> Views();

 private:
  std::vector<std::pair<std::string, std::string>> text_;
};

}  // namespace countersign::http::http2
