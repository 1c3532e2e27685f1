#include "services/authn/assertions/used_assertions_pg.h"

#include <cstdint>
#include <pqxx/pqxx>

#include "libs/base/encoding.h"
#include "libs/base/status.h"

namespace countersign::authn::assertions {

absl::Status PgUsedAssertions::Use(const std::string& issuer, const std::string& id, absl::Time now,
                                   absl::Time keep_until) {
  const std::string digest = HexEncode(AssertionDigest(issuer, id));
  bool marked = false;
  CS_RETURN_IF_ERROR(database_.Transact("mark assertion", [&](pqxx::work& transaction) {
    // A caller waits for these statements.
    transaction.exec0("SET LOCAL statement_timeout = '2s'");
    const pqxx::result inserted = transaction.exec_params(
        "INSERT INTO used_assertion (digest, used_at, keep_until) VALUES (decode($1, 'hex'),"
        " timestamptz 'epoch' + $2::bigint * interval '1 microsecond',"
        " timestamptz 'epoch' + $3::bigint * interval '1 microsecond')"
        " ON CONFLICT (digest) DO NOTHING",
        digest, absl::ToUnixMicros(now), absl::ToUnixMicros(keep_until));
    marked = inserted.affected_rows() == 1;
    transaction.exec_params0(
        "DELETE FROM used_assertion WHERE digest IN (SELECT digest FROM used_assertion"
        " WHERE keep_until < timestamptz 'epoch' + $1::bigint * interval '1 microsecond'"
        " ORDER BY keep_until LIMIT 10 FOR UPDATE SKIP LOCKED)",
        absl::ToUnixMicros(now));
    return absl::OkStatus();
  }));
  return marked ? absl::OkStatus() : absl::AlreadyExistsError("the assertion was used");
}

absl::StatusOr<absl::Time> PgUsedAssertions::FindUse(const std::string& issuer,
                                                     const std::string& id) {
  const std::string digest = HexEncode(AssertionDigest(issuer, id));
  absl::Time used = absl::InfiniteFuture();
  CS_RETURN_IF_ERROR(database_.Transact("find used assertion", [&](pqxx::work& transaction) {
    transaction.exec0("SET LOCAL statement_timeout = '2s'");
    const pqxx::result rows = transaction.exec_params(
        "SELECT (extract(epoch FROM used_at) * 1000000)::bigint FROM used_assertion"
        " WHERE digest = decode($1, 'hex')",
        digest);
    if (!rows.empty()) used = absl::FromUnixMicros(rows[0][0].as<std::int64_t>());
    return absl::OkStatus();
  }));
  return used;
}

}  // namespace countersign::authn::assertions
