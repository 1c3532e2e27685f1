#include "services/standalone/first_admin.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/access_keys/key_manager.h"

namespace countersign::standalone {
namespace {

SecretString KeyIn(const std::string& path) {
  std::ifstream file(path);
  std::string key;
  std::getline(file, key);
  return SecretString(std::move(key));
}

absl::Status Failed(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
}

// Writes the file atomically: a partly written key would be lost.
absl::Status WriteKey(const std::string& path, const SecretString& key) {
  const std::string draft = path + ".new";
  unlink(draft.c_str());
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return Failed(draft);
  const SecretString line(key.Reveal() + "\n");
  const bool written = write(file, line.Reveal().data(), line.Reveal().size()) ==
                           static_cast<ssize_t>(line.Reveal().size()) &&
                       fsync(file) == 0;
  close(file);
  if (!written || rename(draft.c_str(), path.c_str()) != 0) return Failed(path);
  return absl::OkStatus();
}

}  // namespace

absl::Status EnsureFirstAdmin(const std::string& file, authn::access_keys::KeyStore& store,
                              const authn::access_keys::KeyHasher& hasher, const Clock& clock,
                              RandomSource& random) {
  if (const SecretString known = KeyIn(file); !known.empty()) {
    const absl::Status found = store.FindByHash(hasher.Hash(known)).status();
    if (!absl::IsNotFound(found)) return found;
  }
  CS_ASSIGN_OR_RETURN(const authn::access_keys::CreatedKey created,
                      authn::access_keys::BootstrapAdmin(store, hasher, clock, random));
  return WriteKey(file, created.key);
}

}  // namespace countersign::standalone
