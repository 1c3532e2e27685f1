#pragma once

#include <string>

#include "libs/pg/migrate.h"
#include "services/authn/access_keys/key_store.h"
#include "services/authn/authn_schema.h"

namespace countersign::authn::access_keys {

// Access keys in PostgreSQL (schema/). `pool` must use kAuthnSchema as its search_path and outlive
// this object. The first use that reaches the database migrates the schema.
class PgKeyStore final : public KeyStore {
 public:
  explicit PgKeyStore(pg::Pool& pool) : database_(pool, kAuthnSchema, AuthnMigrations()) {}

  absl::Status Insert(const KeyRecord& key, absl::string_view hash) override;
  absl::StatusOr<KeyRecord> FindByHash(absl::string_view hash) override;
  absl::StatusOr<KeyRecord> FindById(const std::string& id) override;
  absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token) override;
  absl::StatusOr<KeyRecord> Revoke(const std::string& id, absl::Time now) override;

  // OK when the database answers and its schema is current. Used for readiness.
  absl::Status Check() { return database_.Ping(); }

 private:
  // The key for which the condition `where` holds; `value` is its $1.
  absl::StatusOr<KeyRecord> Find(absl::string_view where, const std::string& value);

  pg::MigratedPool database_;
};

}  // namespace countersign::authn::access_keys
