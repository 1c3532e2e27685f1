#include "services/authn/secret_store_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::authn {
namespace {

constexpr std::size_t kMaxSecretBytes = 64u << 10;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

absl::Status Failed(absl::string_view what, const std::string& path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat(what, " ", path));
}

absl::Status CheckName(const std::string& name) {
  const bool plain =
      !name.empty() && name[0] != '.' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
  return plain ? absl::OkStatus() : absl::InvalidArgumentError("not a name of a secret");
}

absl::Status CheckPrivate(int fd, const std::string& path) {
  struct stat info = {};
  if (fstat(fd, &info) != 0) return Failed("cannot examine", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a regular file"));
  }
  if ((info.st_mode & 0037) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     " can be read or written by others: make a new secret, or, if nobody "
                     "has read it, chmod 600 ",
                     path));
  }
  return absl::OkStatus();
}

absl::Status WriteAll(int fd, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(fd) == 0 ? absl::OkStatus() : Failed("cannot sync", path);
}

}  // namespace

absl::StatusOr<SecretString> FileSecretStore::Get(const std::string& name) {
  CS_RETURN_IF_ERROR(CheckName(name));
  const std::string path = absl::StrCat(directory_, "/", name);
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return Failed("cannot open", path);
  CS_RETURN_IF_ERROR(CheckPrivate(file.get(), path));
  std::string value(kMaxSecretBytes + 1, '\0');
  std::size_t size = 0;
  while (size < value.size()) {
    const ssize_t count = read(file.get(), value.data() + size, value.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("cannot read", path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size == 0 || size > kMaxSecretBytes) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is empty or too large"));
  }
  SecretString secret(value.substr(0, size));
  WipeMemory(value.data(), value.size());
  return secret;
}

absl::Status FileSecretStore::Create(const std::string& name, const SecretString& value) {
  CS_RETURN_IF_ERROR(CheckName(name));
  if (mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    return Failed("cannot create", directory_);
  }
  const Descriptor folder(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok()) return Failed("cannot open", directory_);
  // Processes that start together write different drafts; the first link decides.
  const std::string path = absl::StrCat(directory_, "/", name);
  std::string draft = path + ".XXXXXX";
  absl::Status status;
  {
    const Descriptor file(mkostemp(draft.data(), O_CLOEXEC));  // mode 0600
    if (!file.ok()) return Failed("cannot create", draft);
    status = WriteAll(file.get(), value.Reveal(), draft);
  }
  if (status.ok() && link(draft.c_str(), path.c_str()) != 0) status = Failed("cannot create", path);
  unlink(draft.c_str());
  if (status.ok() && fsync(folder.get()) != 0) status = Failed("cannot sync", directory_);
  return status;
}

}  // namespace countersign::authn
