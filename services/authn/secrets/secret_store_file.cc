#include "services/authn/secrets/secret_store_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/config/secret_file.h"

namespace countersign::authn::secrets {
namespace {

absl::Status CheckName(const std::string& name) {
  const bool plain =
      !name.empty() && name[0] != '.' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
  return plain ? absl::OkStatus() : absl::InvalidArgumentError("not a valid name of a secret");
}

absl::Status CheckPrivate(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot examine ", path));
  }
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

}  // namespace

absl::StatusOr<SecretString> FileSecretStore::Get(const std::string& name) {
  CS_RETURN_IF_ERROR(CheckName(name));
  const std::string path = absl::StrCat(directory_, "/", name);
  CS_RETURN_IF_ERROR(CheckPrivate(path));
  return config::ReadSecretFile(path);
}

absl::Status FileSecretStore::Create(const std::string& name, const SecretString& value) {
  CS_RETURN_IF_ERROR(CheckName(name));
  if (mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", directory_));
  }
  return config::CreateSecretFile(absl::StrCat(directory_, "/", name), value);
}

}  // namespace countersign::authn::secrets
