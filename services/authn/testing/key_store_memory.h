#pragma once

#include <map>
#include <string>
#include <utility>

#include "libs/base/mutex.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::authn::testing {

// The in-memory fake.
class MemoryKeyStore final : public access_keys::KeyStore {
 public:
  absl::Status Insert(const access_keys::KeyRecord& key, absl::string_view hash) override;
  absl::StatusOr<access_keys::KeyRecord> FindByHash(absl::string_view hash) override;
  absl::StatusOr<access_keys::KeyRecord> FindById(const std::string& id) override;
  absl::StatusOr<access_keys::KeyPage> List(std::size_t page_size,
                                            absl::string_view page_token) override;
  absl::StatusOr<access_keys::KeyRecord> Revoke(const std::string& id, absl::Time now) override;

 private:
  Mutex mutex_;
  std::map<std::string, access_keys::KeyRecord> by_id_ CS_GUARDED_BY(mutex_);
  std::map<std::string, std::string> id_by_hash_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::authn::testing
