#include "services/authn/access_keys/key_store_pg.h"

#include <cstdint>
#include <optional>
#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"

namespace countersign::authn::access_keys {
namespace {

// Times are passed as whole microseconds, which both sides represent exactly.
constexpr char kColumns[] =
    " id, identity, created_by, (extract(epoch FROM created_at) * 1000000)::bigint,"
    " (extract(epoch FROM expires_at) * 1000000)::bigint,"
    " (extract(epoch FROM revoked_at) * 1000000)::bigint, identity_version ";

std::optional<std::string> Micros(absl::Time time) {
  if (time == absl::InfiniteFuture()) return std::nullopt;
  return absl::StrCat(absl::ToUnixMicros(time));
}

const char* OrNull(const std::optional<std::string>& text) {
  return text ? text->c_str() : nullptr;
}

absl::Time ToTime(const pqxx::field& field) {
  if (field.is_null()) return absl::InfiniteFuture();
  return absl::FromUnixMicros(field.as<std::int64_t>());
}

KeyRecord ReadRecord(const pqxx::row& row) {
  KeyRecord key;
  key.id = row[0].c_str();
  key.identity = row[1].c_str();
  key.created_by = row[2].c_str();
  key.created_at = ToTime(row[3]);
  key.expires_at = ToTime(row[4]);
  key.revoked_at = ToTime(row[5]);
  key.identity_version = row[6].as<std::uint64_t>();
  return key;
}

}  // namespace

absl::Status PgKeyStore::Insert(const KeyRecord& key, absl::string_view hash) {
  const std::string hex = HexEncode(hash);
  const auto created = Micros(key.created_at);
  const auto expires = Micros(key.expires_at);
  return database_.Transact("insert access key", [&](pqxx::work& transaction) {
    transaction.exec_params(
        "INSERT INTO access_key (id, hash, identity, created_by, created_at, expires_at,"
        " identity_version)"
        " VALUES ($1, decode($2, 'hex'), $3, $4,"
        " timestamptz 'epoch' + $5::bigint * interval '1 microsecond',"
        " timestamptz 'epoch' + $6::bigint * interval '1 microsecond', $7)",
        key.id, hex, key.identity, key.created_by, OrNull(created), OrNull(expires),
        key.identity_version);
    return absl::OkStatus();
  });
}

absl::StatusOr<KeyRecord> PgKeyStore::FindByHash(absl::string_view hash) {
  return Find("hash = decode($1, 'hex')", HexEncode(hash));
}

absl::StatusOr<KeyRecord> PgKeyStore::FindById(const std::string& id) {
  return Find("id = $1", id);
}

absl::StatusOr<KeyRecord> PgKeyStore::Find(absl::string_view where, const std::string& value) {
  std::optional<KeyRecord> found;
  CS_RETURN_IF_ERROR(database_.Transact("find access key", [&](pqxx::work& transaction) {
    // A caller waits for this statement.
    transaction.exec0("SET LOCAL statement_timeout = '2s'");
    const pqxx::result rows = transaction.exec_params(
        absl::StrCat("SELECT", kColumns, "FROM access_key WHERE ", where), value);
    if (!rows.empty()) found = ReadRecord(rows[0]);
    return absl::OkStatus();
  }));
  if (!found) return absl::NotFoundError("no such key");
  return *found;
}

absl::StatusOr<KeyPage> PgKeyStore::List(std::size_t page_size, absl::string_view page_token) {
  CS_ASSIGN_OR_RETURN(const KeyPlace after, ParseKeyPageToken(page_token));
  // InfinitePast cannot be converted to microseconds; no key is older than 1970.
  const std::int64_t micros =
      after.created_at == absl::InfinitePast() ? -1 : absl::ToUnixMicros(after.created_at);
  KeyPage page;
  CS_RETURN_IF_ERROR(database_.Transact("list access keys", [&](pqxx::work& transaction) {
    const pqxx::result rows = transaction.exec_params(
        absl::StrCat("SELECT", kColumns,
                     "FROM access_key WHERE (created_at, id) >"
                     " (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2)"
                     " ORDER BY created_at, id LIMIT $3"),
        micros, after.id, page_size + 1);
    page.items.clear();
    for (const pqxx::row& row : rows) page.items.push_back(ReadRecord(row));
    return absl::OkStatus();
  }));
  if (page.items.size() > page_size) {
    page.items.pop_back();
    page.next_page_token = KeyPageToken(page.items.back());
  }
  return page;
}

absl::StatusOr<KeyRecord> PgKeyStore::Revoke(const std::string& id, absl::Time now) {
  std::optional<KeyRecord> revoked;
  CS_RETURN_IF_ERROR(database_.Transact("revoke access key", [&](pqxx::work& transaction) {
    transaction.exec_params(
        "UPDATE access_key SET revoked_at = timestamptz 'epoch' + $2::bigint * interval"
        " '1 microsecond' WHERE id = $1 AND revoked_at IS NULL",
        id, absl::ToUnixMicros(now));
    const pqxx::result rows = transaction.exec_params(
        absl::StrCat("SELECT", kColumns, "FROM access_key WHERE id = $1"), id);
    if (!rows.empty()) revoked = ReadRecord(rows[0]);
    return absl::OkStatus();
  }));
  if (!revoked) return absl::NotFoundError("no such key");
  return *revoked;
}

}  // namespace countersign::authn::access_keys
