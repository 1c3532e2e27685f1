#include "services/session_recorder/store/record_store_pg.h"

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "services/session_recorder/store/record_rows_pg.h"

namespace countersign::session_recorder::store {
namespace {

std::string Values(const std::vector<std::string>& rows) { return absl::StrJoin(rows, ",\n"); }

// Larger payloads are sent as they are, one by one: as text in a statement they would be in memory
// many times over.
constexpr std::size_t kLargeBytes = 256u << 10;

bool IsLarge(const SealedEvent& event) { return event.sealed.size() > kLargeBytes; }

// REQUIRES: the statement has accepted `write`.
void InsertLargeEvents(pqxx::work& transaction, const SessionWrite& write) {
  for (const SealedEvent& event : write.events) {
    if (!IsLarge(event)) continue;
    transaction.exec_params(
        "INSERT INTO events (day, session_id, idx, type, at_ns, sealed, hash) VALUES ($1, $2, $3, "
        "$4, $5, $6, $7)",
        UtcDay(write.row.started_at), write.row.id, event.index, event.type,
        absl::ToUnixNanos(event.at), pqxx::binarystring(event.sealed),
        pqxx::binarystring(event.hash));
  }
}

// One statement: what is refused writes no event.
std::string CommitStatement(pqxx::work& transaction, const std::vector<SessionWrite>& writes) {
  std::vector<std::string> opened, moved, events;
  for (const SessionWrite& write : writes) {
    if (write.opens) {
      opened.push_back(InsertRow(transaction, write.row));
    } else {
      moved.push_back(UpdateRow(transaction, write));
    }
    for (const SealedEvent& event : write.events) {
      if (!IsLarge(event)) events.push_back(EventRow(transaction, write.row.id, event));
    }
  }
  constexpr absl::string_view kNone = "SELECT NULL::uuid AS id, NULL::date AS day WHERE false";
  std::string sql = "WITH opened AS (";
  if (opened.empty()) {
    absl::StrAppend(&sql, kNone);
  } else {
    absl::StrAppend(&sql, "INSERT INTO sessions (", kInsertColumns, ") VALUES ", Values(opened),
                    " ON CONFLICT (id) DO NOTHING RETURNING id, day");
  }
  absl::StrAppend(&sql, "), moved AS (");
  if (moved.empty()) {
    absl::StrAppend(&sql, kNone);
  } else {
    absl::StrAppend(
        &sql,
        "UPDATE sessions s SET policy = v.policy, review_id = v.review_id, approvers = "
        "v.approvers, outcome = v.outcome, code = v.code, input_tokens = v.input_tokens, "
        "output_tokens = v.output_tokens, masked = v.masked, ended_ns = v.ended_ns, head_index = "
        "v.head_index, head = v.head, epoch = v.epoch FROM (VALUES ",
        Values(moved), ") AS v(", kUpdateColumns,
        ") WHERE s.id = v.id AND s.epoch = v.previous_epoch AND s.head_index = v.previous_index "
        "AND s.ended_ns IS NULL RETURNING s.id, s.day");
  }
  absl::StrAppend(
      &sql, "), accepted AS (SELECT id, day FROM opened UNION ALL SELECT id, day FROM moved)");
  if (!events.empty()) {
    absl::StrAppend(&sql,
                    ", written AS (INSERT INTO events (day, session_id, idx, type, at_ns, sealed, "
                    "hash) SELECT a.day, e.* FROM (VALUES ",
                    Values(events),
                    ") AS e(session_id, idx, type, at_ns, sealed, hash) "
                    "JOIN accepted a ON a.id = e.session_id)");
  }
  absl::StrAppend(&sql, " SELECT id FROM accepted");
  return sql;
}

std::string Where(pqxx::work& transaction, const SessionFilter& filter) {
  std::vector<std::string> terms{"true"};
  if (!filter.identity.empty()) {
    terms.push_back(absl::StrCat("identity = ", transaction.quote(filter.identity)));
  }
  if (!filter.connection.empty()) {
    terms.push_back(absl::StrCat("connection = ", transaction.quote(filter.connection)));
  }
  if (filter.outcome) {
    terms.push_back(absl::StrCat(
        "outcome = ", transaction.quote(std::string(domain::ToString(*filter.outcome)))));
  }
  if (filter.connections) {
    std::vector<std::string> names{"NULL"};  // an empty list is not SQL
    for (const std::string& name : *filter.connections) names.push_back(transaction.quote(name));
    terms.push_back(absl::StrCat("connection IN (", absl::StrJoin(names, ", "), ")"));
  }
  if (filter.since != absl::InfinitePast()) {
    terms.push_back(absl::StrCat("started_ns >= ", absl::ToUnixNanos(filter.since)));
  }
  if (filter.until != absl::InfiniteFuture()) {
    terms.push_back(absl::StrCat("started_ns < ", absl::ToUnixNanos(filter.until)));
  }
  if (filter.before_time != absl::InfiniteFuture()) {
    terms.push_back(absl::StrCat("(started_ns, id) < (", absl::ToUnixNanos(filter.before_time),
                                 ", ", transaction.quote(filter.before_id), "::uuid)"));
  }
  return absl::StrJoin(terms, " AND ");
}

void ReadSessions(const pqxx::result& result, std::vector<SessionRow>& rows) {
  for (const auto& row : result) rows.push_back(ReadSession(row));
}

constexpr absl::string_view kHeadColumns = "position, session_id, idx, head, ended";

}  // namespace

absl::StatusOr<std::set<std::string>> PgRecordStore::Commit(
    const std::vector<SessionWrite>& writes) {
  std::set<std::string> refused;
  CS_RETURN_IF_ERROR(pool_.Transact("record events", [&](pqxx::work& transaction) {
    for (const SessionWrite& write : writes) refused.insert(write.row.id);
    for (const auto& row : transaction.exec(CommitStatement(transaction, writes))) {
      refused.erase(row[0].as<std::string>());
    }
    for (const SessionWrite& write : writes) {
      if (refused.count(write.row.id) == 0) InsertLargeEvents(transaction, write);
    }
    return absl::OkStatus();
  }));
  return refused;
}

absl::StatusOr<std::optional<SessionRow>> PgRecordStore::Find(const std::string& id) {
  std::optional<SessionRow> found;
  CS_RETURN_IF_ERROR(pool_.Transact("find session", [&](pqxx::work& transaction) {
    const auto rows = transaction.exec_params(
        absl::StrCat("SELECT ", kSessionColumns, " FROM sessions WHERE id = $1"), id);
    if (!rows.empty()) found = ReadSession(rows[0]);
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<std::vector<SessionRow>> PgRecordStore::List(const SessionFilter& filter,
                                                            std::size_t limit) {
  std::vector<SessionRow> rows;
  CS_RETURN_IF_ERROR(pool_.Transact("list sessions", [&](pqxx::work& transaction) {
    ReadSessions(transaction.exec(absl::StrCat("SELECT ", kSessionColumns, " FROM sessions WHERE ",
                                               Where(transaction, filter),
                                               " ORDER BY started_ns DESC, id DESC LIMIT ", limit)),
                 rows);
    return absl::OkStatus();
  }));
  return rows;
}

absl::StatusOr<std::vector<SessionRow>> PgRecordStore::ByPosition(std::uint64_t from,
                                                                  std::size_t limit) {
  std::vector<SessionRow> rows;
  CS_RETURN_IF_ERROR(pool_.Transact("read sessions in order", [&](pqxx::work& transaction) {
    ReadSessions(transaction.exec_params(
                     absl::StrCat("SELECT ", kSessionColumns,
                                  " FROM sessions WHERE position >= $1 ORDER BY position LIMIT $2"),
                     from, limit),
                 rows);
    return absl::OkStatus();
  }));
  return rows;
}

absl::StatusOr<std::vector<SealedEvent>> PgRecordStore::Events(const SessionRow& session,
                                                               std::uint32_t after,
                                                               std::size_t max_events,
                                                               std::size_t max_bytes) {
  std::vector<SealedEvent> events;
  CS_RETURN_IF_ERROR(pool_.Transact("read events", [&](pqxx::work& transaction) {
    const auto rows = transaction.exec_params(
        "SELECT idx, type, at_ns, sealed, hash FROM (SELECT *, coalesce(sum(length(sealed)) OVER "
        "(ORDER BY idx ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM events "
        "WHERE day = $1 AND session_id = $2 AND idx > $3 ORDER BY idx LIMIT $4) e "
        "WHERE before < $5 ORDER BY idx",
        UtcDay(session.started_at), session.id, after, max_events, max_bytes);
    for (const auto& row : rows) {
      events.push_back({row[0].as<std::uint32_t>(), row[1].as<std::string>(),
                        absl::FromUnixNanos(row[2].as<std::int64_t>()),
                        pqxx::binarystring(row[3]).str(), pqxx::binarystring(row[4]).str()});
    }
    return absl::OkStatus();
  }));
  return events;
}

absl::StatusOr<bool> PgRecordStore::OrderKill(const std::string& id) {
  bool running = false;
  CS_RETURN_IF_ERROR(pool_.Transact("order kill", [&](pqxx::work& transaction) {
    running =
        transaction
            .exec_params(
                "UPDATE sessions SET kill_ordered = true WHERE id = $1 AND ended_ns IS NULL", id)
            .affected_rows() == 1;
    return absl::OkStatus();
  }));
  return running;
}

absl::StatusOr<std::vector<std::string>> PgRecordStore::KillOrders(const std::string& node) {
  std::vector<std::string> ids;
  CS_RETURN_IF_ERROR(pool_.Transact("read kill orders", [&](pqxx::work& transaction) {
    for (const auto& row : transaction.exec_params(
             "SELECT id FROM sessions WHERE ended_ns IS NULL AND node = $1 AND kill_ordered",
             node)) {
      ids.push_back(row[0].as<std::string>());
    }
    return absl::OkStatus();
  }));
  return ids;
}

absl::Status PgRecordStore::KeepAlive(const std::string& node, absl::Time until) {
  return pool_.Transact("keep recorder alive", [&](pqxx::work& transaction) {
    transaction.exec_params(
        "INSERT INTO recorders (node, alive_until_ns) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE "
        "SET alive_until_ns = excluded.alive_until_ns",
        node, absl::ToUnixNanos(until));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<SessionRow>> PgRecordStore::Orphans(const std::string& self,
                                                               absl::Time now) {
  std::vector<SessionRow> rows;
  CS_RETURN_IF_ERROR(pool_.Transact("find orphans", [&](pqxx::work& transaction) {
    ReadSessions(
        transaction.exec_params(
            absl::StrCat("SELECT ", kSessionColumns,
                         " FROM sessions s WHERE ended_ns IS NULL AND node <> $1 AND NOT EXISTS "
                         "(SELECT 1 FROM recorders r WHERE r.node = s.node AND "
                         "r.alive_until_ns >= $2)"),
            self, absl::ToUnixNanos(now)),
        rows);
    return absl::OkStatus();
  }));
  return rows;
}

absl::StatusOr<std::vector<chain::SessionHead>> PgRecordStore::OpenHeads() {
  std::vector<chain::SessionHead> heads;
  CS_RETURN_IF_ERROR(pool_.Transact("read open heads", [&](pqxx::work& transaction) {
    for (const auto& row : transaction.exec(
             "SELECT position, id AS session_id, head_index AS idx, head, ended_ns IS NOT NULL AS "
             "ended FROM sessions WHERE NOT covered ORDER BY position, id")) {
      heads.push_back(ReadHead(row));
    }
    return absl::OkStatus();
  }));
  return heads;
}

absl::StatusOr<std::vector<chain::SessionHead>> PgRecordStore::CoveredHeads() {
  std::vector<chain::SessionHead> heads;
  CS_RETURN_IF_ERROR(pool_.Transact("read covered heads", [&](pqxx::work& transaction) {
    transaction.exec("SET LOCAL statement_timeout = '5min'");
    for (const auto& row :
         transaction.exec(absl::StrCat("SELECT DISTINCT ON (position) ", kHeadColumns,
                                       " FROM checkpoint_heads ORDER BY position, number DESC"))) {
      heads.push_back(ReadHead(row));
    }
    return absl::OkStatus();
  }));
  return heads;
}

absl::StatusOr<std::optional<chain::Checkpoint>> PgRecordStore::LastCheckpoint() {
  std::optional<chain::Checkpoint> last;
  CS_RETURN_IF_ERROR(pool_.Transact("read last checkpoint", [&](pqxx::work& transaction) {
    const auto rows = transaction.exec("SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1");
    if (!rows.empty()) last = ReadCheckpoint(rows[0]);
    return absl::OkStatus();
  }));
  return last;
}

absl::StatusOr<std::vector<chain::Checkpoint>> PgRecordStore::CheckpointsAfter(std::uint64_t after,
                                                                               std::size_t limit) {
  std::vector<chain::Checkpoint> checkpoints;
  CS_RETURN_IF_ERROR(pool_.Transact("read checkpoints", [&](pqxx::work& transaction) {
    for (const auto& row : transaction.exec_params(
             "SELECT * FROM checkpoints WHERE number > $1 ORDER BY number LIMIT $2", after,
             limit)) {
      checkpoints.push_back(ReadCheckpoint(row));
    }
    if (checkpoints.empty()) return absl::OkStatus();
    std::size_t at = 0;
    for (const auto& row : transaction.exec_params(
             absl::StrCat("SELECT number, ", kHeadColumns,
                          " FROM checkpoint_heads WHERE number BETWEEN $1 AND $2 "
                          "ORDER BY number, position"),
             checkpoints.front().number, checkpoints.back().number)) {
      const auto number = row["number"].as<std::uint64_t>();
      while (at < checkpoints.size() && checkpoints[at].number < number) ++at;
      if (at < checkpoints.size()) checkpoints[at].heads.push_back(ReadHead(row));
    }
    return absl::OkStatus();
  }));
  return checkpoints;
}

absl::Status PgRecordStore::AppendCheckpoint(const chain::Checkpoint& checkpoint) {
  return pool_.Transact("append checkpoint", [&](pqxx::work& transaction) {
    const std::string number = absl::StrCat(checkpoint.number);
    const auto inserted = transaction.exec(absl::StrCat(
        "INSERT INTO checkpoints VALUES (", number, ", ", absl::ToUnixNanos(checkpoint.at), ", ",
        checkpoint.size, ", ", BytesLiteral(checkpoint.root), ", ",
        BytesLiteral(checkpoint.previous), ", ", BytesLiteral(checkpoint.public_key), ", ",
        BytesLiteral(checkpoint.signature), ") ON CONFLICT DO NOTHING"));
    if (inserted.affected_rows() != 1) return absl::AbortedError("checkpoint exists already");
    if (checkpoint.heads.empty()) return absl::OkStatus();
    std::vector<std::string> heads;
    for (const chain::SessionHead& head : checkpoint.heads) {
      heads.push_back(absl::StrCat("(", number, "::bigint, ", head.position, "::bigint, '",
                                   head.session_id, "'::uuid, ", head.head.index, ", ",
                                   BytesLiteral(head.head.hash), ", ",
                                   head.ended ? "true" : "false", ")"));
    }
    transaction.exec(absl::StrCat(
        "WITH h(number, position, session_id, idx, head, ended) AS (VALUES ", Values(heads),
        "), kept AS (INSERT INTO checkpoint_heads SELECT * FROM h) "
        "UPDATE sessions s SET position = h.position, covered = h.ended FROM h "
        "WHERE s.id = h.session_id AND (s.position IS NULL OR h.ended)"));
    return absl::OkStatus();
  });
}

absl::Status PgRecordStore::CreatePartitions(absl::Time now) {
  const std::string today = UtcDay(now);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (maintained_day_ == today) return absl::OkStatus();
  }
  for (int ahead = -1; ahead <= 3; ++ahead) {
    const std::string day = UtcDay(now + ahead * absl::Hours(24));
    const std::string next = UtcDay(now + (ahead + 1) * absl::Hours(24));
    const absl::Status status = pool_.Transact("make partition", [&](pqxx::work& transaction) {
      transaction.exec("SELECT pg_advisory_xact_lock(hashtext('countersign events partitions'))");
      transaction.exec(
          absl::StrCat("CREATE TABLE IF NOT EXISTS events_", absl::StrReplaceAll(day, {{"-", ""}}),
                       " PARTITION OF events FOR VALUES FROM ('", day, "') TO ('", next, "')"));
      return absl::OkStatus();
    });
    // Events of that day are in the default partition already; there they stay.
    if (!status.ok() && !absl::IsFailedPrecondition(status)) return status;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  maintained_day_ = today;
  return absl::OkStatus();
}

}  // namespace countersign::session_recorder::store
