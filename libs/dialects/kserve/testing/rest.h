#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/dialects/dialect.h"

// Writes requests and answers of KServe's V2 protocol over REST, for tests.
namespace countersign::dialects::kserve::testing {

inline constexpr char kHeadSize[] = "Inference-Header-Content-Length";

inline IncomingRequest RestRequest(const std::string& path, const std::string& json,
                                   const std::string& binary = "") {
  IncomingRequest request;
  request.method = "POST";
  request.path = path;
  request.body = json + binary;
  if (!binary.empty()) request.headers = {{kHeadSize, absl::StrCat(json.size())}};
  return request;
}

// An input or output with a BYTES tensor of one dimension; `data` is a JSON array.
inline std::string JsonText(absl::string_view name, std::size_t count, absl::string_view data) {
  return absl::StrCat("{\"name\":\"", name, "\",\"datatype\":\"BYTES\",\"shape\":[", count,
                      "],\"data\":", data, "}");
}

// The same with `size` bytes of binary data.
inline std::string BinaryTensor(absl::string_view name, absl::string_view datatype,
                                std::size_t count, std::size_t size) {
  return absl::StrCat("{\"name\":\"", name, "\",\"datatype\":\"", datatype, "\",\"shape\":[", count,
                      "],\"parameters\":{\"binary_data_size\":", size, "}}");
}

}  // namespace countersign::dialects::kserve::testing
