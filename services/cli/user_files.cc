#include "services/cli/user_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"

namespace countersign::cli {
namespace {

absl::Status FileError(absl::string_view doing, const std::string& path) {
  const int code = errno;
  const std::string text = absl::StrCat("cannot ", doing, " ", path, ": ", std::strerror(code));
  if (code == ENOENT) return absl::NotFoundError(text);
  if (code == EACCES || code == EPERM) return absl::PermissionDeniedError(text);
  return absl::UnknownError(text);
}

std::string Home() {
  const std::string own = Environment("COUNTERSIGN_HOME");
  if (!own.empty()) return own;
  const std::string home = Environment("HOME");
  return absl::StrCat(home.empty() ? "/tmp" : home, "/.countersign");
}

// One file per review, so that several terminals can show and approve at the same time.
std::string ShownPath(absl::string_view url, absl::string_view id) {
  const std::string name =
      HexEncode(crypto::Sha256(LengthPrefixed().Add(url).Add(id).bytes())).substr(0, 32);
  return absl::StrCat(Home(), "/shown/", name);
}

}  // namespace

std::string ConfigPath() {
  const std::string own = Environment("COUNTERSIGN_CONFIG");
  return own.empty() ? absl::StrCat(Home(), "/config") : own;
}

absl::Status RememberShown(absl::string_view url, absl::string_view id, absl::string_view hash) {
  const std::string path = ShownPath(url, id);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) {
    return absl::UnknownError(absl::StrCat("cannot create ", Home(), ": ", error.message()));
  }
  return WriteFile(path, hash);
}

std::string ShownHash(absl::string_view url, absl::string_view id) {
  const absl::StatusOr<std::string> hash = ReadFile(ShownPath(url, id));
  return hash.ok() ? *hash : std::string();
}

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  const std::string fresh = absl::StrCat(path, ".", getpid(), ".tmp");
  const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return FileError("write", path);
  absl::string_view rest = content;
  while (!rest.empty()) {
    const ssize_t written = write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const absl::Status status = FileError("write", path);
      close(file);
      unlink(fresh.c_str());
      return status;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (close(file) != 0 || rename(fresh.c_str(), path.c_str()) != 0) {
    return FileError("write", path);
  }
  return absl::OkStatus();
}

}  // namespace countersign::cli
