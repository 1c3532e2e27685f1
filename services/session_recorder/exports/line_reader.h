#pragma once

#include <cstddef>
#include <istream>
#include <string>

namespace countersign::session_recorder::exports {

// Reads lines from an untrusted stream and never keeps more than `limit` bytes of one.
class LineReader {
 public:
  LineReader(std::istream& input, std::size_t max_bytes) : input_(input), max_bytes_(max_bytes) {}

  enum class Result { kLine, kUnterminated, kTooLong, kEnd };
  // The next line without its newline. kUnterminated: the last line, when it has no newline.
  Result Next(std::string& line);

 private:
  bool FillBuffer();

  std::istream& input_;
  const std::size_t max_bytes_;
  std::string buffer_;
  std::size_t used_ = 0;
};

}  // namespace countersign::session_recorder::exports
