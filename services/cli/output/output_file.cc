#include "services/cli/output/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::cli::output {
namespace {

absl::Status WriteError(const std::string& path, int code) {
  const std::string text = absl::StrCat("cannot write ", path, ": ", std::strerror(code));
  if (code == ENOENT) return absl::NotFoundError(text);
  if (code == EACCES || code == EPERM) return absl::PermissionDeniedError(text);
  return absl::UnknownError(text);
}

// Devices and pipes cannot be synchronised.
bool CannotBeSynced(int code) { return code == EINVAL || code == ENOTSUP || code == EROFS; }

constexpr int kFlags = O_WRONLY | O_CLOEXEC | O_NOCTTY;

// Refuses an existing file, because others may write to the folder.
int OpenFresh(const std::string& path) {
  const int file = open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0600);
  if (file >= 0 || errno != EEXIST || unlink(path.c_str()) != 0) return file;
  return open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0600);
}

// The target of a link may not exist yet. (O_CREAT on a FIFO in /tmp may be refused.)
int OpenInPlace(const std::string& path, bool is_link) {
  return open(path.c_str(), kFlags | O_TRUNC | (is_link ? O_CREAT : 0), 0600);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  struct stat there {};
  const bool exists = lstat(path.c_str(), &there) == 0;
  if (!exists && errno != ENOENT) return WriteError(path, errno);
  const bool replaces = !exists || S_ISREG(there.st_mode);
  std::string fresh = replaces ? absl::StrCat(path, ".", getpid(), ".tmp") : std::string();
  const int file = replaces ? OpenFresh(fresh) : OpenInPlace(path, S_ISLNK(there.st_mode));
  if (file < 0) return WriteError(path, errno);
  return std::unique_ptr<OutputFile>(new OutputFile(path, std::move(fresh), file));
}

OutputFile::~OutputFile() {
  if (file_ >= 0) close(file_);
  if (!fresh_.empty()) unlink(fresh_.c_str());
}

int WriteFully(int file, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

absl::Status OutputFile::Write(absl::string_view bytes) {
  const int error = WriteFully(file_, bytes);
  return error == 0 ? absl::OkStatus() : WriteError(path_, error);
}

absl::Status OutputFile::Close() {
  if (fsync(file_) != 0 && !CannotBeSynced(errno)) return WriteError(path_, errno);
  if (close(std::exchange(file_, -1)) != 0) return WriteError(path_, errno);
  return absl::OkStatus();
}

absl::Status OutputFile::Finish() {
  CS_RETURN_IF_ERROR(Close());
  if (fresh_.empty()) return absl::OkStatus();
  if (rename(fresh_.c_str(), path_.c_str()) != 0) return WriteError(path_, errno);
  fresh_.clear();
  return absl::OkStatus();
}

absl::Status Flush(std::ostream& out) {
  errno = 0;
  out.flush();
  if (out.good()) return absl::OkStatus();
  // A failed stream keeps no reason; its buffer reports it again.
  if (errno == 0 && out.rdbuf() != nullptr) (void)out.rdbuf()->pubsync();
  return absl::UnknownError(absl::StrCat("cannot write to standard output", errno == 0 ? "" : ": ",
                                         errno == 0 ? "" : std::strerror(errno)));
}

}  // namespace countersign::cli::output
