#include "services/authn/access_keys/first_admin_keys.h"

#include <filesystem>
#include <system_error>

#include "libs/base/status.h"
#include "libs/config/secret_file.h"
#include "libs/log/log.h"
#include "services/authn/access_keys/key_manager.h"

namespace countersign::authn::access_keys {
namespace {

constexpr absl::Duration kPause = absl::Seconds(2);  // between two attempts

}  // namespace

absl::Status FirstAdminKeys::Ensure() {
  const MutexLock lock(mutex_);
  if (ensured_) return absl::OkStatus();
  CS_RETURN_IF_ERROR(EnsureRead());
  CS_RETURN_IF_ERROR(EnsureWritten());
  ensured_ = true;
  return absl::OkStatus();
}

void FirstAdminKeys::Start() {
  loop_ = std::make_unique<async::RetryLoop>([this](const std::stop_token&) {
    const absl::Status ensured = Ensure();
    if (ensured.ok()) return absl::InfiniteDuration();
    log::Error("the administrator's first key is not there yet", {{"error", ensured.message()}});
    return kPause;
  });
}

absl::Status FirstAdminKeys::EnsureRead() {
  if (files_.read.empty()) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(const SecretString key, config::ReadSecretFile(files_.read));
  const absl::Status registered = BootstrapAdmin(store_, hasher_, clock_, random_, key).status();
  return absl::IsAlreadyExists(registered) ? absl::OkStatus() : registered;
}

absl::Status FirstAdminKeys::EnsureWritten() {
  std::error_code error;
  if (files_.write.empty() || std::filesystem::exists(files_.write, error)) {
    return absl::OkStatus();
  }
  // A crash before the file is written leaves a key that nobody knows: harmless, and the next start
  // makes another.
  CS_ASSIGN_OR_RETURN(const CreatedKey admin, BootstrapAdmin(store_, hasher_, clock_, random_));
  const absl::Status written =
      config::CreateSecretFile(files_.write, SecretString(admin.key.Reveal() + "\n"));
  return absl::IsAlreadyExists(written) ? absl::OkStatus() : written;
}

}  // namespace countersign::authn::access_keys
