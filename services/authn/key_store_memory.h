#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "services/authn/key_store.h"

namespace countersign::authn {

// The fake: forgets everything with the process.
class MemoryKeyStore final : public KeyStore {
 public:
  absl::Status Insert(const KeyRecord& key, absl::string_view hash) override;
  absl::StatusOr<KeyRecord> FindByHash(absl::string_view hash) override;
  absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token) override;
  absl::StatusOr<KeyRecord> Revoke(const std::string& id, absl::Time now) override;

 private:
  std::mutex mutex_;
  std::map<std::string, KeyRecord> by_id_;
  std::map<std::string, std::string> id_by_hash_;
};

}  // namespace countersign::authn
