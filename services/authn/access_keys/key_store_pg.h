#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "libs/pg/pool.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::authn::access_keys {

// Access keys in PostgreSQL (schema/). `pool` must use kAuthnSchema as its search_path and outlive
// this object. The first use that reaches the database migrates the schema.
class PgKeyStore final : public KeyStore {
 public:
  explicit PgKeyStore(pg::Pool& pool) : pool_(pool) {}

  absl::Status Insert(const KeyRecord& key, absl::string_view hash) override;
  absl::StatusOr<KeyRecord> FindByHash(absl::string_view hash) override;
  absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token) override;
  absl::StatusOr<KeyRecord> Revoke(const std::string& id, absl::Time now) override;

  // OK when the database answers and its schema is current. Used for readiness.
  absl::Status Check();

 private:
  absl::Status EnsureSchema();
  absl::Status Transact(absl::string_view what,
                        const std::function<absl::Status(pqxx::work&)>& body);

  pg::Pool& pool_;
  std::mutex migrating_;
  std::atomic<bool> migrated_{false};
};

}  // namespace countersign::authn::access_keys
