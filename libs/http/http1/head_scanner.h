#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace countersign::http::http1 {

// Scans the head of an HTTP/1.1 message while it arrives, before a parser stores anything. Refuses
// heads that are too large, however their bytes are distributed, and lines that parsers interpret
// differently (folded ones, and those that do not end with CR LF). Empty lines before the start
// line only count towards the size (RFC 9112, section 2.2). Takes linear time.
class HeadScanner {
 public:
  enum class Result { kNeedMore, kComplete, kTooLarge, kMalformed };

  HeadScanner(std::size_t max_bytes, std::size_t max_fields)
      : max_bytes_(max_bytes), max_fields_(max_fields) {}

  // `bytes` follow those of the previous call. Bytes after the end of the head are ignored. After
  // any result except kNeedMore the scanner is done.
  Result Scan(absl::string_view bytes);

 private:
  const std::size_t max_bytes_;
  const std::size_t max_fields_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;  // complete lines, including the start line
  std::size_t line_bytes_ = 0;
  char last_ = '\0';
};

}  // namespace countersign::http::http1
