#include "services/authn/access_keys/initial_admin_key.h"

#include "libs/base/status.h"
#include "libs/config/secret_file.h"
#include "services/authn/access_keys/key_manager.h"

namespace countersign::authn::access_keys {

absl::Status InitialAdminKey::Ensure() {
  const MutexLock lock(mutex_);
  if (ensured_ || path_.empty()) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(const SecretString key, config::ReadSecretFile(path_));
  const absl::Status registered = BootstrapAdmin(store_, hasher_, clock_, random_, key).status();
  if (!registered.ok() && !absl::IsAlreadyExists(registered)) return registered;
  ensured_ = true;
  return absl::OkStatus();
}

}  // namespace countersign::authn::access_keys
