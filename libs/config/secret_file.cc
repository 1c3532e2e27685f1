#include "libs/config/secret_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"

namespace countersign::config {
namespace {

constexpr std::size_t kMaxBytes = 64 << 10;

absl::Status Failed(const std::string& path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", what));
}

absl::Status WriteAll(int descriptor, const std::string& path, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed(path, std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) return Failed(path, std::strerror(errno));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SecretString> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failed(path, "cannot be read");
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxBytes) return Failed(path, "is larger than 64 KiB");
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.empty()) return Failed(path, "is empty");
  return SecretString(std::move(text));
}

absl::Status CreateSecretFile(const std::string& path, const SecretString& secret) {
  // Written to a temporary file and then linked, so that a reader never sees a partial file, and
  // the first of two processes wins.
  std::string temporary = path + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);  // Mode 0600.
  if (descriptor < 0) return Failed(path, std::strerror(errno));
  absl::Status status = WriteAll(descriptor, path, secret.Reveal());
  ::close(descriptor);
  if (status.ok() && ::link(temporary.c_str(), path.c_str()) != 0) {
    status = errno == EEXIST ? absl::AlreadyExistsError(absl::StrCat(path, ": exists"))
                             : Failed(path, std::strerror(errno));
  }
  ::unlink(temporary.c_str());
  return status;
}

absl::StatusOr<SecretString> LoadOrCreateSecret(const std::string& path, std::size_t size,
                                                RandomSource& random) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    const absl::Status created =
        CreateSecretFile(path, SecretString(HexEncode(random.Bytes(size))));
    if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
  }
  CS_ASSIGN_OR_RETURN(const SecretString text, ReadSecretFile(path));
  absl::StatusOr<std::string> bytes = HexDecode(text.Reveal());
  if (!bytes.ok() || bytes->size() != size) {
    return Failed(path, absl::StrCat("does not hold ", size, " bytes as hex"));
  }
  return SecretString(*std::move(bytes));
}

}  // namespace countersign::config
