#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/crypto/hash.h"

namespace countersign::cli::sessions {

// An export that survives the program: FILE.partial has the bytes so far, and FILE.partial.state
// which export they are of, how many there are, their SHA-256, and the token of the next page. Both
// have mode 0600. The state is replaced after each page was written, so bytes behind those that it
// counts are dropped when the export goes on. Not thread-safe.
class PartialExport {
 public:
  // Opens what there is for `path`, or begins. `request` says what is exported. FAILED_PRECONDITION
  // when what is there is another export, or was changed; INVALID_ARGUMENT when `path` is no
  // regular file.
  static absl::StatusOr<std::unique_ptr<PartialExport>> Open(const std::string& path,
                                                             const std::string& request);
  ~PartialExport();
  PartialExport(const PartialExport&) = delete;
  PartialExport& operator=(const PartialExport&) = delete;

  // Of the next page; empty: nothing is there yet.
  const std::string& token() const { return token_; }
  std::uint64_t bytes() const { return bytes_; }

  // Drops what is there.
  absl::Status Restart();
  absl::Status Append(absl::string_view piece, absl::string_view next_token);
  // Moves the file to its name. Nothing may be written afterwards.
  absl::Status Finish();

 private:
  PartialExport(std::string path, std::string request);
  std::string file_path() const;
  std::string state_path() const;
  absl::Status Load();
  absl::Status CheckBytes(absl::string_view sha256);
  absl::Status Cut();
  absl::Status Error(absl::string_view what, int code) const;

  const std::string path_;
  const std::string request_;
  int file_ = -1;
  std::string token_;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<crypto::Sha256Stream> digest_;
};

}  // namespace countersign::cli::sessions
