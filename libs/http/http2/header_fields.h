#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/http/message.h"

namespace countersign::http::http2 {

// Collects one header list while it is decoded, and checks that of a request by the rules of
// HTTP/1.1 heads. Expects what an HTTP/2 library has checked: names in lower case, valid values, at
// most one of each pseudo-header field, no fields of the connection.
class HeaderFields {
 public:
  HeaderFields(std::size_t max_bytes, std::size_t max_fields)
      : max_bytes_(max_bytes), max_fields_(max_fields) {}

  // Stores a field while the list is within the limits; later ones are only counted. False when the
  // list is so far above them (four times) that decoding the rest is not worth a response.
  [[nodiscard]] bool Add(absl::string_view name, absl::string_view value);

  // Whether the list, in the size of SETTINGS_MAX_HEADER_LIST_SIZE, or its number of fields is
  // above the limits.
  bool too_large() const { return bytes_ > max_bytes_ || fields_ > max_fields_; }

  // The request's head, with the authority as its Host field. INVALID_ARGUMENT when it is not
  // acceptable, RESOURCE_EXHAUSTED when it is too large.
  absl::StatusOr<RequestHead> TakeHead();

  // The status of a response; none in trailers.
  std::optional<int> status() const { return status_; }
  // The response's head. RESOURCE_EXHAUSTED when it is too large.
  absl::StatusOr<ResponseHead> TakeResponseHead();

  // The fields, for a list of trailers.
  Headers TakeTrailers() { return std::move(head_.headers); }

 private:
  absl::Status CheckHost();

  const std::size_t max_bytes_;
  const std::size_t max_fields_;
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;  // without pseudo-header fields
  std::optional<int> status_;
  std::string scheme_;
  std::string authority_;
  std::string cookie_;
  RequestHead head_;
};

}  // namespace countersign::http::http2
