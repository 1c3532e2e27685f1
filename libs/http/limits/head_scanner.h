#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace countersign::http::limits {

// Looks over the head of an HTTP/1.1 message while it arrives, and refuses it before a parser keeps
// anything of it: heads that are too large in all, whichever way their bytes are spread, and lines
// that two readers understand differently (folded ones, and those that do not end with CR LF).
// Takes time proportional to the bytes.
class HeadScanner {
 public:
  enum class Result { kNeedMore, kComplete, kTooLarge, kMalformed };

  HeadScanner(std::size_t max_bytes, std::size_t max_fields)
      : max_bytes_(max_bytes), max_fields_(max_fields) {}

  // `bytes` follow those of the last call. Bytes after the head's end are not looked at. After any
  // result but kNeedMore the scanner is done.
  Result Scan(absl::string_view bytes);

 private:
  const std::size_t max_bytes_;
  const std::size_t max_fields_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;  // that have ended, the start line included
  std::size_t line_bytes_ = 0;
  char last_ = '\0';
};

}  // namespace countersign::http::limits
