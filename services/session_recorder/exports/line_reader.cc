#include "services/session_recorder/exports/line_reader.h"

namespace countersign::session_recorder::exports {

bool LineReader::FillBuffer() {
  constexpr std::size_t kChunk = 64u << 10;
  buffer_.resize(kChunk);
  input_.read(buffer_.data(), kChunk);
  buffer_.resize(static_cast<std::size_t>(input_.gcount()));
  used_ = 0;
  return !buffer_.empty();
}

LineReader::Result LineReader::Next(std::string& line) {
  line.clear();
  for (;;) {
    if (used_ == buffer_.size() && !FillBuffer()) {
      return line.empty() ? Result::kEnd : Result::kUnterminated;
    }
    const std::size_t newline = buffer_.find('\n', used_);
    const std::size_t end = newline == std::string::npos ? buffer_.size() : newline;
    if (line.size() + (end - used_) > max_bytes_) return Result::kTooLong;
    line.append(buffer_, used_, end - used_);
    used_ = end;
    if (newline == std::string::npos) continue;
    ++used_;
    return Result::kLine;
  }
}

}  // namespace countersign::session_recorder::exports
