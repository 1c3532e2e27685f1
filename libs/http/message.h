#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::http {

// Header fields in their original order. Names compare without case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void Add(absl::string_view name, absl::string_view value) { fields_.emplace_back(name, value); }
  void Set(absl::string_view name, absl::string_view value);  // replaces all fields of that name
  void Remove(absl::string_view name);

  absl::string_view Get(
      absl::string_view name) const;  // the first one's value; "" if there is none
  std::size_t Count(absl::string_view name) const;

  // Whether a field of that name lists `token` ("Connection: close, upgrade").
  bool HasToken(absl::string_view name, absl::string_view token) const;

  std::vector<Field>::const_iterator begin() const { return fields_.begin(); }
  std::vector<Field>::const_iterator end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

struct RequestHead {
  std::string method;
  std::string target;  // as received: path and query in origin form
  Headers headers;
  int version = 1;  // the major version of HTTP in which it was received
};

struct ResponseHead {
  int status = 200;
  Headers
      headers;  // without content-length, transfer-encoding and connection, which the writer sets
};

// A request to send. The body is not copied and must outlive the sending.
struct Request {
  RequestHead head;
  absl::string_view body;
};

// "OK", "Not Found" …; "Unknown" for statuses without a name.
absl::string_view ReasonPhrase(int status);

// False for text that could end a field or the head: control characters, CR, LF, NUL.
bool IsFieldValue(absl::string_view text);

}  // namespace countersign::http
