#pragma once

#include <iosfwd>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::cli::output {

// A file that a verb writes piece by piece. If `path` is new or a regular file, it is created or
// replaced, with mode 0600, only when Finish succeeds. If it is anything else (a device, a FIFO, or
// a symbolic link, whose target is written), it is written directly and never replaced. Not
// thread-safe.
class OutputFile {
 public:
  // Opening a FIFO waits for its reader. Errors contain `path` and the system's reason.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(const std::string& path);
  // Without a successful Finish, removes what was written, unless it was written directly.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  absl::Status Write(absl::string_view bytes);
  // Returns when all bytes are stored. Nothing may be written afterwards.
  absl::Status Finish();

 private:
  OutputFile(std::string path, std::string fresh, int file)
      : path_(std::move(path)), fresh_(std::move(fresh)), file_(file) {}
  absl::Status Close();

  const std::string path_;
  std::string fresh_;  // the file that will be moved to path_; empty: path_ itself is written
  int file_;           // -1 once closed
};

// Writes all of `bytes` to an open file. 0, or the errno of the write that failed.
int WriteFully(int file, absl::string_view bytes);

// Flushes `out`. Not OK when that fails or anything written to it before was lost.
absl::Status Flush(std::ostream& out);

}  // namespace countersign::cli::output
