#include "services/authn/access_keys/admin_key_file.h"

#include <filesystem>
#include <system_error>

#include "libs/base/status.h"
#include "libs/config/secret_file.h"
#include "services/authn/access_keys/key_manager.h"

namespace countersign::authn::access_keys {

absl::Status AdminKeyFile::Ensure() {
  const MutexLock lock(mutex_);
  std::error_code error;
  if (ensured_ || path_.empty() || std::filesystem::exists(path_, error)) {
    ensured_ = true;
    return absl::OkStatus();
  }
  // A crash before the file is written leaves a key that nobody knows: harmless, and the next start
  // makes another.
  CS_ASSIGN_OR_RETURN(const CreatedKey admin, BootstrapAdmin(store_, hasher_, clock_, random_));
  const absl::Status written =
      config::CreateSecretFile(path_, SecretString(admin.key.Reveal() + "\n"));
  if (!written.ok() && !absl::IsAlreadyExists(written)) return written;
  ensured_ = true;
  return absl::OkStatus();
}

}  // namespace countersign::authn::access_keys
