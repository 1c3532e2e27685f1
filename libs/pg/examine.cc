#include "libs/pg/examine.h"

#include <optional>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::pg {
namespace {

using State = HealthCheck::State;

constexpr absl::Duration kClockWarning = absl::Seconds(2), kClockFailure = absl::Seconds(30);
constexpr double kLagWarning = 10;  // seconds

struct Seen {
  std::string version;
  absl::Time now;
  bool standby = false;
  std::optional<double> lag;  // seconds
  int migration = 0;
};

absl::Status Look(pqxx::work& transaction, const std::string& schema, Seen& seen) {
  const pqxx::row row = transaction.exec1(
      "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp()),"
      " pg_is_in_recovery(), extract(epoch FROM clock_timestamp() -"
      " pg_last_xact_replay_timestamp())");
  seen.version = row[0].as<std::string>();
  seen.now = absl::UnixEpoch() + absl::Seconds(row[1].as<double>());
  seen.standby = row[2].as<bool>();
  if (!row[3].is_null()) seen.lag = row[3].as<double>();
  seen.migration = transaction
                       .exec1(absl::StrCat("SELECT coalesce(max(number), 0) FROM ",
                                           transaction.quote_name(schema), ".schema_migrations"))[0]
                       .as<int>();
  return absl::OkStatus();
}

std::string Describe(const Seen& seen, const std::string& schema) {
  return absl::StrCat("PostgreSQL ", seen.version, " answers; schema ", schema, " at migration ",
                      seen.migration);
}

}  // namespace

HealthCheck CompareClocks(std::string name, absl::Time before, absl::Time other, absl::Time after) {
  absl::Duration off = absl::ZeroDuration();
  if (other < before) off = before - other;
  if (other > after) off = other - after;
  const std::string seconds = absl::StrCat(absl::ToInt64Milliseconds(off), " ms");
  if (off < kClockWarning) {
    return {std::move(name), State::kOk,
            off == absl::ZeroDuration() ? "agrees" : absl::StrCat("differs by ", seconds), ""};
  }
  return {std::move(name), off < kClockFailure ? State::kWarning : State::kFailed,
          absl::StrCat("is ", seconds, other < before ? " behind" : " ahead"),
          "set the clocks of both machines by one time server: tokens and reviews end by them"};
}

std::vector<HealthCheck> Examine(Pool& pool, const Clock& clock) {
  const std::string& schema = pool.options().search_path;
  Seen seen;
  const absl::Time before = clock.Now();
  const absl::Status looked = pool.Transact(
      "examine", [&](pqxx::work& transaction) { return Look(transaction, schema, seen); });
  const absl::Time after = clock.Now();
  if (!looked.ok()) {
    return {{"database", State::kFailed, std::string(looked.message()),
             "look at the database's log, and at `database` in this part's configuration"}};
  }
  std::vector<HealthCheck> checks;
  if (!seen.standby) {
    checks.push_back({"database", State::kOk, Describe(seen, schema), ""});
  } else {
    const bool late = seen.lag && *seen.lag > kLagWarning;
    checks.push_back({"database", State::kFailed,
                      absl::StrCat(Describe(seen, schema), "; it is a standby",
                                   late ? absl::StrCat(", ", *seen.lag, " s behind") : ""),
                      "nothing can be recorded in a standby: promote it, or name the primary"});
  }
  checks.push_back(CompareClocks("database's clock", before, seen.now, after));
  return checks;
}

}  // namespace countersign::pg
