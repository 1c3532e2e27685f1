#include "libs/http/http1/head_scanner.h"

namespace countersign::http::http1 {

HeadScanner::Result HeadScanner::Scan(absl::string_view bytes) {
  while (!bytes.empty()) {
    const char first = bytes.front();
    if (line_bytes_ == 0 && lines_ > 0) {
      if (first == ' ' || first == '\t') return Result::kMalformed;
      if (first != '\r' && lines_ > max_fields_) return Result::kTooLarge;
    }
    const std::size_t newline = bytes.find('\n');
    const bool ended = newline != absl::string_view::npos;
    const absl::string_view line = bytes.substr(0, ended ? newline + 1 : bytes.size());
    bytes_ += line.size();
    line_bytes_ += line.size();
    if (bytes_ > max_bytes_) return Result::kTooLarge;
    const char before_last = line.size() > 1 ? line[line.size() - 2] : last_;
    last_ = line.back();
    bytes.remove_prefix(line.size());
    if (!ended) continue;
    if (line_bytes_ == 1 || before_last != '\r') return Result::kMalformed;
    if (line_bytes_ == 2 && lines_ > 0) return Result::kComplete;
    if (line_bytes_ > 2) ++lines_;
    line_bytes_ = 0;
  }
  return Result::kNeedMore;
}

}  // namespace countersign::http::http1
