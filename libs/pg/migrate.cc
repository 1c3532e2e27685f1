#include "libs/pg/migrate.h"

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"

namespace countersign::pg {
namespace {

std::string Checksum(const Migration& migration) {
  return HexEncode(crypto::Sha256(migration.sql));
}

// One process at a time migrates a schema; the lock is released at the end of the transaction.
void Lock(pqxx::work& transaction, const std::string& schema) {
  transaction.exec_params("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                          absl::StrCat("countersign migrate ", schema));
}

absl::Status Prepare(pqxx::work& transaction, const std::string& schema) {
  Lock(transaction, schema);
  const std::string quoted = transaction.quote_name(schema);
  transaction.exec(absl::StrCat("CREATE SCHEMA IF NOT EXISTS ", quoted));
  transaction.exec(absl::StrCat(
      "CREATE TABLE IF NOT EXISTS ", quoted,
      ".schema_migrations (number int PRIMARY KEY CHECK (number > 0), name text NOT NULL,"
      " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"));
  return absl::OkStatus();
}

// Whether `migration` has been applied with the text that it has in this program.
absl::StatusOr<bool> Applied(pqxx::work& transaction, const std::string& schema,
                             const Migration& migration) {
  const pqxx::result rows = transaction.exec_params(
      absl::StrCat("SELECT name, checksum FROM ", transaction.quote_name(schema),
                   ".schema_migrations WHERE number = $1"),
      migration.number);
  if (rows.empty()) return false;
  if (rows[0]["checksum"].as<std::string>() != Checksum(migration)) {
    return absl::FailedPreconditionError(
        absl::StrCat("migration ", rows[0]["name"].c_str(), " of schema ", schema,
                     " was applied with another content than this program's ", migration.name));
  }
  return true;
}

absl::Status Apply(pqxx::work& transaction, const std::string& schema, const Migration& migration) {
  Lock(transaction, schema);
  CS_ASSIGN_OR_RETURN(const bool applied, Applied(transaction, schema, migration));
  if (applied) return absl::OkStatus();
  const std::string quoted = transaction.quote_name(schema);
  transaction.exec("SET LOCAL statement_timeout = 0");
  transaction.exec(absl::StrCat("SET LOCAL search_path = ", quoted));
  transaction.exec(migration.sql);
  transaction.exec_params(
      absl::StrCat("INSERT INTO ", quoted,
                   ".schema_migrations (number, name, checksum) VALUES ($1, $2, $3)"),
      migration.number, migration.name, Checksum(migration));
  return absl::OkStatus();
}

absl::Status CheckNotNewer(pqxx::work& transaction, const std::string& schema, int newest) {
  const pqxx::row row =
      transaction.exec1(absl::StrCat("SELECT coalesce(max(number), 0) FROM ",
                                     transaction.quote_name(schema), ".schema_migrations"));
  const int found = row[0].as<int>();
  if (found <= newest) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("schema ", schema, " is at version ", found,
                                                    ", newer than this program's ", newest,
                                                    ": run the newer program"));
}

absl::Status CheckNumbers(const std::vector<Migration>& migrations) {
  int expected = 0;
  for (const Migration& migration : migrations) {
    if (migration.number != ++expected) {
      return absl::InvalidArgumentError(
          absl::StrCat("migration ", migration.name, " should have number ", expected));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(Pool& pool, absl::string_view schema,
                     const std::vector<Migration>& migrations) {
  CS_RETURN_IF_ERROR(CheckNumbers(migrations));
  const std::string name(schema);
  const std::string what = absl::StrCat("migrate schema ", name);
  CS_RETURN_IF_ERROR(
      pool.Transact(what, [&](pqxx::work& transaction) { return Prepare(transaction, name); }));
  CS_RETURN_IF_ERROR(pool.Transact(what, [&](pqxx::work& transaction) {
    return CheckNotNewer(transaction, name, static_cast<int>(migrations.size()));
  }));
  for (const Migration& migration : migrations) {
    CS_RETURN_IF_ERROR(pool.Transact(
        absl::StrCat(what, ", ", migration.name),
        [&](pqxx::work& transaction) { return Apply(transaction, name, migration); }));
  }
  return absl::OkStatus();
}

absl::Status MigratedPool::EnsureSchema() {
  if (migrated_) return absl::OkStatus();
  const MutexLock lock(migrating_);
  if (migrated_) return absl::OkStatus();
  CS_RETURN_IF_ERROR(Migrate(pool_, schema_, migrations_));
  migrated_ = true;
  return absl::OkStatus();
}

absl::Status MigratedPool::Transact(absl::string_view what,
                                    const std::function<absl::Status(pqxx::work&)>& body) {
  CS_RETURN_IF_ERROR(EnsureSchema());
  return pool_.Transact(what, body);
}

absl::Status MigratedPool::Ping() {
  CS_RETURN_IF_ERROR(EnsureSchema());
  return pool_.Ping();
}

}  // namespace countersign::pg
