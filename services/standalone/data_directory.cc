#include "services/standalone/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace countersign::standalone {
namespace {

namespace fs = std::filesystem;

absl::Status ErrnoStatus(const std::string& what, int error) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", std::strerror(error)));
}

std::string LockPath(const std::string& path) { return path + "/lock"; }

pid_t PidIn(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  int pid = 0;
  return absl::SimpleAtoi(text, &pid) && pid > 0 ? pid : 0;
}

// A zombie does not run any more.
bool Runs(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string stat;
  std::getline(file, stat);
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && name_end + 2 < stat.size() && stat[name_end + 2] != 'Z';
}

// Takes the lock. A gateway that was killed holds it until the last process that it was starting
// has begun its own program: then it is waited for. False when another gateway runs.
bool WaitForLock(int file, const std::string& path) {
  constexpr int kTries = 250;
  for (int i = 0; i < kTries; ++i) {
    if (flock(file, LOCK_EX | LOCK_NB) == 0) return true;
    if (Runs(PidIn(path))) return false;
    usleep(20'000);
  }
  return false;
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Make(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (path.empty() || error) return absl::InvalidArgumentError("--data must name a folder");
  fs::create_directories(absolute, error);
  if (error) return ErrnoStatus(absl::StrCat("cannot create ", absolute.string()), error.value());
  return Open(absolute.string());
}

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  if (error || !fs::is_directory(canonical, error)) {
    return absl::NotFoundError(absl::StrCat("there is no folder ", path));
  }
  return DataDirectory(canonical.string());
}

DataDirectory DataDirectory::At(const std::string& path) {
  std::error_code error;
  return DataDirectory(fs::absolute(path, error).lexically_normal().string());
}

DataDirectory::Lock::~Lock() { close(file_); }

absl::StatusOr<std::unique_ptr<DataDirectory::Lock>> DataDirectory::TryLock() const {
  const int file = open(LockPath(path_).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return ErrnoStatus(absl::StrCat("cannot open ", LockPath(path_)), errno);
  auto lock = std::make_unique<Lock>(file);
  if (!WaitForLock(file, LockPath(path_))) {
    const pid_t holder = PidIn(LockPath(path_));
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " is in use by another gateway (process ", holder,
                     "): stop it with `countersign down --data ", path_, "`"));
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return ErrnoStatus(absl::StrCat("cannot write ", LockPath(path_)), errno);
  }
  return lock;
}

pid_t DataDirectory::Holder() const {
  const int file = open(LockPath(path_).c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return 0;
  const Lock closes(file);
  if (flock(file, LOCK_SH | LOCK_NB) == 0) return 0;
  return PidIn(LockPath(path_));
}

absl::StatusOr<std::string> DataDirectory::MakeKeyFolder(absl::string_view service) const {
  const std::string folder = absl::StrCat(keys(), "/", service);
  for (const std::string& made : {keys(), folder}) {
    if (mkdir(made.c_str(), 0700) != 0 && errno != EEXIST) {
      return ErrnoStatus(absl::StrCat("cannot create ", made), errno);
    }
  }
  return folder;
}

absl::Status WriteWhole(const std::string& path, absl::string_view content) {
  const std::string draft = path + ".new";
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.flush();
    if (!file) return ErrnoStatus(absl::StrCat("cannot write ", draft), errno);
  }
  if (chmod(draft.c_str(), 0644) != 0 || rename(draft.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(absl::StrCat("cannot write ", path), errno);
  }
  return absl::OkStatus();
}

}  // namespace countersign::standalone
