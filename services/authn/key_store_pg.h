#pragma once

#include <string>

#include "libs/pg/pool.h"
#include "services/authn/key_store.h"

namespace countersign::authn {

// Access keys in PostgreSQL (schema/). `pool` has kAuthnSchema as its search path, is migrated
// (AuthnMigrations) and outlives this object.
class PgKeyStore final : public KeyStore {
 public:
  explicit PgKeyStore(pg::Pool& pool) : pool_(pool) {}

  absl::Status Insert(const KeyRecord& key, absl::string_view hash) override;
  absl::StatusOr<KeyRecord> FindByHash(absl::string_view hash) override;
  absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token) override;
  absl::StatusOr<KeyRecord> Revoke(const std::string& id, absl::Time now) override;

 private:
  pg::Pool& pool_;
};

}  // namespace countersign::authn
