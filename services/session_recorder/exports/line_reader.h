#pragma once

#include <cstddef>
#include <istream>
#include <string>

namespace countersign::session_recorder::exports {

// Reads lines of a stream that is not trusted: none is longer than the limit, however long the
// stream makes it.
class LineReader {
 public:
  LineReader(std::istream& input, std::size_t max_bytes) : input_(input), max_bytes_(max_bytes) {}

  enum class Result { kLine, kUnterminated, kTooLong, kEnd };
  // The next line without its newline. kUnterminated: the last one, which has none.
  Result Next(std::string& line);

 private:
  bool FillBuffer();

  std::istream& input_;
  const std::size_t max_bytes_;
  std::string buffer_;
  std::size_t used_ = 0;
};

}  // namespace countersign::session_recorder::exports
