#include "services/session_recorder/store/record_store_pg.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "services/session_recorder/store/record_rows_pg.h"
#include "services/session_recorder/store/segment.h"

namespace countersign::session_recorder::store {
namespace {

std::string Where(pqxx::work& transaction, const SessionFilter& filter) {
  std::vector<std::string> terms{"true"};
  const std::pair<absl::string_view, const std::string&> equal[] = {
      {"identity", filter.identity}, {"connection", filter.connection},
      {"model", filter.model},       {"operation", filter.operation},
      {"policy", filter.policy},     {"review_id", filter.review_id}};
  for (const auto& [column, value] : equal) {
    if (!value.empty()) terms.push_back(absl::StrCat(column, " = ", transaction.quote(value)));
  }
  for (const std::string& operation : filter.except_operations) {
    terms.push_back(absl::StrCat("operation <> ", transaction.quote(operation)));
  }
  if (!filter.entity.empty()) {
    terms.push_back(absl::StrCat("masked::jsonb ? ", transaction.quote(filter.entity)));
  }
  if (filter.min_duration > absl::ZeroDuration()) {
    terms.push_back(
        absl::StrCat("ended_ns - started_ns >= ", absl::ToInt64Nanoseconds(filter.min_duration)));
  }
  if (filter.min_tokens > 0) {
    terms.push_back(absl::StrCat("input_tokens + output_tokens >= ", filter.min_tokens));
  }
  if (!filter.approver.empty()) {
    terms.push_back(absl::StrCat("approvers::jsonb ? ", transaction.quote(filter.approver)));
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

std::vector<SessionRow> ReadSessions(const pqxx::result& result) {
  std::vector<SessionRow> rows;
  for (const auto& row : result) rows.push_back(ReadSession(row));
  return rows;
}

// The order in which a commit locks its sessions.
std::vector<std::size_t> SortById(const std::vector<SessionWrite>& writes) {
  std::vector<std::size_t> order(writes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return writes[a].row.id < writes[b].row.id; });
  return order;
}

enum ReadStatement : std::size_t { kReadWholeSessions, kReadEvents };

std::vector<std::string> ReadStatements() {
  return {
      "SELECT place, first_idx, events FROM (SELECT place, first_idx, events, "
      "sum(length(events)) OVER (ORDER BY place, first_idx) AS so_far "
      "FROM unnest($1::date[], $2::uuid[]) WITH ORDINALITY AS asked(on_day, id, place) "
      "JOIN segments ON day = on_day AND session_id = id) s "
      "WHERE so_far <= $3::bigint ORDER BY place, first_idx",
      "SELECT first_idx, events FROM (SELECT first_idx, events, coalesce(sum(length(events)) "
      "OVER (ORDER BY first_idx ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before "
      "FROM segments WHERE day = $1::date AND session_id = $2::uuid AND last_idx > $3::bigint "
      "ORDER BY first_idx LIMIT $4::bigint) s WHERE before < $5::bigint ORDER BY first_idx"};
}

constexpr absl::string_view kHeadColumns = "position, session_id, idx, head, ended";

}  // namespace

PgRecordStore::PgRecordStore(pg::Pool& pool)
    : database_(pool, kSessionRecorderSchema, SessionRecorderMigrations()),
      commits_(pool.options(), CommitStatements()),
      reads_(pool.options(), ReadStatements()) {}

absl::StatusOr<std::set<std::string>> PgRecordStore::Commit(std::vector<SessionWrite> writes) {
  CS_RETURN_IF_ERROR(database_.EnsureSchema());
  const std::vector<std::size_t> order = SortById(writes);
  std::vector<std::string> segments;
  std::vector<pg::BoundStatement> statements;
  segments.reserve(writes.size());
  statements.reserve(writes.size());
  for (const std::size_t i : order) {
    const std::string& segment = segments.emplace_back(EncodeEvents(writes[i].events));
    writes[i].events.clear();  // large ones would be in memory twice
    statements.push_back(BindWrite(writes[i], segment));
  }
  CS_ASSIGN_OR_RETURN(const auto rows, commits_.Run("record events", statements));
  std::set<std::string> refused;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (rows[i] == 0) refused.insert(writes[order[i]].row.id);
  }
  return refused;
}

absl::StatusOr<std::optional<SessionRow>> PgRecordStore::Find(const std::string& id) {
  std::optional<SessionRow> found;
  CS_RETURN_IF_ERROR(database_.Transact("find session", [&](pqxx::work& transaction) {
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
  CS_RETURN_IF_ERROR(database_.Transact("list sessions", [&](pqxx::work& transaction) {
    rows = ReadSessions(transaction.exec(absl::StrCat(
        "SELECT ", kSessionColumns, " FROM sessions WHERE ", Where(transaction, filter),
        " ORDER BY started_ns DESC, id DESC LIMIT ", limit)));
    return absl::OkStatus();
  }));
  return rows;
}

absl::StatusOr<std::vector<SessionRow>> PgRecordStore::ByPosition(std::uint64_t from,
                                                                  std::size_t limit) {
  std::vector<SessionRow> rows;
  CS_RETURN_IF_ERROR(database_.Transact("read sessions in order", [&](pqxx::work& transaction) {
    rows = ReadSessions(transaction.exec_params(
        absl::StrCat("SELECT ", kSessionColumns,
                     " FROM sessions WHERE id IN (SELECT session_id FROM (SELECT "
                     "DISTINCT ON (position) position, session_id FROM "
                     "checkpoint_heads WHERE position >= $1 ORDER BY position, number "
                     "DESC LIMIT $2) h) ORDER BY position"),
        from, limit));
    return absl::OkStatus();
  }));
  return rows;
}

absl::StatusOr<std::vector<CoveredSession>> PgRecordStore::CoveredSessions(std::uint64_t from,
                                                                           std::uint64_t checkpoint,
                                                                           std::size_t limit) {
  std::vector<CoveredSession> covered;
  CS_RETURN_IF_ERROR(database_.Transact("read covered sessions", [&](pqxx::work& transaction) {
    covered.clear();
    const auto rows = transaction.exec_params(
        absl::StrCat("SELECT ", kSessionColumns,
                     ", covered_position, covered_idx, covered_end FROM (SELECT DISTINCT ON "
                     "(position) position AS "
                     "covered_position, session_id, idx AS covered_idx, ended AS covered_end FROM "
                     "checkpoint_heads WHERE position >= $1 AND number <= $2 ORDER BY position, "
                     "number DESC LIMIT $3) h JOIN sessions ON id = session_id "
                     "ORDER BY covered_position"),
        from, checkpoint, limit);
    for (const auto& row : rows) {
      covered.push_back({ReadSession(row), row["covered_position"].as<std::uint64_t>(),
                         row["covered_idx"].as<std::uint32_t>(), row["covered_end"].as<bool>()});
    }
    return absl::OkStatus();
  }));
  return covered;
}

absl::StatusOr<std::vector<std::vector<SealedEvent>>> PgRecordStore::WholeSessions(
    const std::vector<SessionRow>& sessions, std::size_t max_bytes) {
  CS_RETURN_IF_ERROR(database_.EnsureSchema());
  pg::BoundStatement query(kReadWholeSessions);
  query
      .Literal(ArrayLiteral(sessions, [](const SessionRow& row) { return UtcDay(row.started_at); }))
      .Literal(ArrayLiteral(sessions, [](const SessionRow& row) { return row.id; }))
      .Int(static_cast<std::int64_t>(max_bytes));
  CS_ASSIGN_OR_RETURN(const pg::BinaryRows rows, reads_.Query("read sessions' events", query));
  std::vector<std::vector<SealedEvent>> events(sessions.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<SealedEvent>& of_session = events[static_cast<std::size_t>(rows.Int(i, 0)) - 1];
    std::vector<SealedEvent> segment =
        DecodeEvents(static_cast<std::uint32_t>(rows.Int(i, 1)), rows.Bytes(i, 2));
    std::move(segment.begin(), segment.end(), std::back_inserter(of_session));
  }
  std::size_t whole = 0;
  while (whole < sessions.size() && !events[whole].empty() &&
         events[whole].size() == sessions[whole].head.index) {
    ++whole;
  }
  events.resize(whole);
  return events;
}

absl::StatusOr<std::vector<SealedEvent>> PgRecordStore::Events(const SessionRow& session,
                                                               std::uint32_t after,
                                                               std::size_t max_events,
                                                               std::size_t max_bytes) {
  CS_RETURN_IF_ERROR(database_.EnsureSchema());
  pg::BoundStatement query(kReadEvents);
  query.Literal(UtcDay(session.started_at))
      .Literal(session.id)
      .Int(after)
      .Int(static_cast<std::int64_t>(max_events))
      .Int(static_cast<std::int64_t>(max_bytes));
  CS_ASSIGN_OR_RETURN(const pg::BinaryRows rows, reads_.Query("read events", query));
  std::vector<SealedEvent> events;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (SealedEvent& event :
         DecodeEvents(static_cast<std::uint32_t>(rows.Int(i, 0)), rows.Bytes(i, 1))) {
      if (event.index <= after) continue;
      if (events.size() == max_events || bytes >= max_bytes) return events;
      bytes += event.sealed.size();
      events.push_back(std::move(event));
    }
  }
  return events;
}

absl::StatusOr<bool> PgRecordStore::OrderKill(const std::string& id) {
  bool running = false;
  CS_RETURN_IF_ERROR(database_.Transact("order kill", [&](pqxx::work& transaction) {
    const auto ordered = transaction.exec_params(
        "WITH ordered AS (UPDATE sessions SET kill_ordered = true WHERE id = $1 AND ended_ns IS "
        "NULL RETURNING id) UPDATE open_sessions o SET kill_ordered = true FROM ordered "
        "WHERE o.session_id = ordered.id",
        id);
    running = ordered.affected_rows() == 1;
    return absl::OkStatus();
  }));
  return running;
}

absl::StatusOr<std::vector<std::string>> PgRecordStore::KillOrders(const std::string& node) {
  std::vector<std::string> ids;
  CS_RETURN_IF_ERROR(database_.Transact("read kill orders", [&](pqxx::work& transaction) {
    ids.clear();
    for (const auto& row : transaction.exec_params(
             "SELECT s.id FROM open_sessions o JOIN sessions s ON s.id = o.session_id "
             "WHERE o.kill_ordered AND o.node = $1 AND s.ended_ns IS NULL",
             node)) {
      ids.push_back(row[0].as<std::string>());
    }
    return absl::OkStatus();
  }));
  return ids;
}

absl::Status PgRecordStore::KeepAlive(const std::string& node, absl::Time until) {
  return database_.Transact("keep recorder alive", [&](pqxx::work& transaction) {
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
  CS_RETURN_IF_ERROR(database_.Transact("find orphans", [&](pqxx::work& transaction) {
    rows = ReadSessions(transaction.exec_params(
        absl::StrCat("SELECT ", kSessionColumns,
                     " FROM sessions WHERE ended_ns IS NULL AND id IN (SELECT session_id FROM "
                     "open_sessions o WHERE node <> $1 AND NOT EXISTS (SELECT 1 FROM recorders "
                     "r WHERE r.node = o.node AND r.alive_until_ns >= $2))"),
        self, absl::ToUnixNanos(now)));
    return absl::OkStatus();
  }));
  return rows;
}

absl::StatusOr<std::vector<chain::SessionHead>> PgRecordStore::OpenHeads() {
  std::vector<chain::SessionHead> heads;
  CS_RETURN_IF_ERROR(database_.Transact("read open heads", [&](pqxx::work& transaction) {
    heads.clear();
    for (const auto& row : transaction.exec(
             "SELECT position, id AS session_id, head_index AS idx, head, ended_ns IS NOT NULL AS "
             "ended FROM open_sessions JOIN sessions ON id = session_id ORDER BY position, id")) {
      heads.push_back(ReadHead(row));
    }
    return absl::OkStatus();
  }));
  return heads;
}

absl::StatusOr<std::vector<chain::SessionHead>> PgRecordStore::CoveredHeads(
    std::uint64_t from, std::uint64_t count, std::uint64_t checkpoint) {
  std::vector<chain::SessionHead> heads;
  CS_RETURN_IF_ERROR(database_.Transact("read covered heads", [&](pqxx::work& transaction) {
    heads.clear();
    for (const auto& row : transaction.exec_params(
             absl::StrCat("SELECT DISTINCT ON (position) ", kHeadColumns,
                          " FROM checkpoint_heads WHERE position >= $1 AND position < $2 "
                          "AND number <= $3 ORDER BY position, number DESC"),
             from, from + count, checkpoint)) {
      heads.push_back(ReadHead(row));
    }
    return absl::OkStatus();
  }));
  return heads;
}

absl::StatusOr<std::optional<chain::Checkpoint>> PgRecordStore::LastCheckpoint() {
  std::optional<chain::Checkpoint> last;
  CS_RETURN_IF_ERROR(database_.Transact("read last checkpoint", [&](pqxx::work& transaction) {
    const auto rows = transaction.exec("SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1");
    if (!rows.empty()) last = ReadCheckpoint(rows[0]);
    return absl::OkStatus();
  }));
  return last;
}

absl::StatusOr<std::vector<chain::Checkpoint>> PgRecordStore::CheckpointsAfter(std::uint64_t after,
                                                                               std::size_t limit) {
  std::vector<chain::Checkpoint> checkpoints;
  CS_RETURN_IF_ERROR(database_.Transact("read checkpoints", [&](pqxx::work& transaction) {
    checkpoints.clear();
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

absl::StatusOr<std::optional<chain::Checkpoint>> PgRecordStore::CheckpointOfReview(
    std::uint64_t sequence) {
  std::optional<chain::Checkpoint> found;
  CS_RETURN_IF_ERROR(database_.Transact("find checkpoint", [&](pqxx::work& transaction) {
    const auto rows = transaction.exec_params(
        "SELECT * FROM checkpoints WHERE reviews_sequence >= $1 "
        "ORDER BY reviews_sequence, number LIMIT 1",
        sequence);
    if (!rows.empty()) found = ReadCheckpoint(rows[0]);
    return absl::OkStatus();
  }));
  return found;
}

absl::Status PgRecordStore::AppendCheckpoint(const chain::Checkpoint& checkpoint) {
  std::optional<std::string> reviews_sequence, reviews_hash;
  if (checkpoint.reviews) {
    reviews_sequence = absl::StrCat(checkpoint.reviews->sequence);
    reviews_hash = HexEncode(checkpoint.reviews->hash);
  }
  return database_.Transact("append checkpoint", [&](pqxx::work& transaction) {
    const auto inserted = transaction.exec_params(
        "INSERT INTO checkpoints (number, at_ns, size, root, previous, public_key, signature, "
        "reviews_sequence, reviews_hash) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, decode($9, 'hex')) ON CONFLICT DO NOTHING",
        checkpoint.number, absl::ToUnixNanos(checkpoint.at), checkpoint.size,
        pqxx::binarystring(checkpoint.root), pqxx::binarystring(checkpoint.previous),
        pqxx::binarystring(checkpoint.public_key), pqxx::binarystring(checkpoint.signature),
        reviews_sequence, reviews_hash);
    if (inserted.affected_rows() != 1) return absl::AbortedError("checkpoint exists already");
    if (checkpoint.heads.empty()) return absl::OkStatus();
    const auto array = [&](auto format) { return ArrayLiteral(checkpoint.heads, format); };
    using chain::SessionHead;
    const std::string ids = array([](const SessionHead& h) { return h.session_id; });
    transaction.exec_params(
        "SELECT FROM sessions WHERE id = ANY($1::uuid[]) AND position IS NULL ORDER BY id "
        "FOR NO KEY UPDATE",
        ids);
    transaction.exec_params(
        "WITH h AS (SELECT * FROM unnest($2::bigint[], $3::uuid[], $4::int[], $5::bytea[], "
        "$6::boolean[]) AS h(position, session_id, idx, head, ended)), "
        "kept AS (INSERT INTO checkpoint_heads (number, position, session_id, idx, head, ended) "
        "SELECT $1::bigint, h.* FROM h), "
        "closed AS (DELETE FROM open_sessions o USING h WHERE h.ended AND o.session_id = "
        "h.session_id) "
        "UPDATE sessions s SET position = h.position FROM h WHERE s.id = h.session_id "
        "AND s.position IS NULL",
        checkpoint.number, array([](const SessionHead& h) { return absl::StrCat(h.position); }),
        ids, array([](const SessionHead& h) { return absl::StrCat(h.head.index); }),
        array([](const SessionHead& h) {
          return absl::StrCat("\"\\\\x", HexEncode(h.head.hash), "\"");
        }),
        array([](const SessionHead& h) { return h.ended ? "t" : "f"; }));
    return absl::OkStatus();
  });
}

absl::Status PgRecordStore::ProbeWrite() {
  return database_.Transact("probe a write", [](pqxx::work& transaction) {
    // About a megabyte. A temporary table's file is made longer like any other's, and is gone with
    // the transaction.
    transaction.exec(
        "CREATE TEMP TABLE write_probe ON COMMIT DROP AS SELECT md5(i::text) AS filler "
        "FROM generate_series(1, 16384) AS i");
    return absl::OkStatus();
  });
}

absl::Status PgRecordStore::CreatePartitions(absl::Time now) {
  const std::string today = UtcDay(now);
  {
    const MutexLock lock(mutex_);
    if (maintained_day_ == today) return absl::OkStatus();
  }
  for (int ahead = -1; ahead <= 3; ++ahead) {
    const std::string day = UtcDay(now + ahead * absl::Hours(24));
    const std::string next = UtcDay(now + (ahead + 1) * absl::Hours(24));
    const std::string suffix = absl::StrReplaceAll(day, {{"-", ""}});
    const std::string values = absl::StrCat("FOR VALUES FROM ('", day, "') TO ('", next, "')");
    const absl::Status status = database_.Transact("make partition", [&](pqxx::work& transaction) {
      transaction.exec("SELECT pg_advisory_xact_lock(hashtext('countersign segments partitions'))");
      transaction.exec(absl::StrCat("CREATE TABLE IF NOT EXISTS segments_", suffix,
                                    " PARTITION OF segments ", values,
                                    " WITH (toast_tuple_target = 8160)"));
      transaction.exec(absl::StrCat("CREATE TABLE IF NOT EXISTS text_filters_", suffix,
                                    " PARTITION OF text_filters ", values));
      return absl::OkStatus();
    });
    // Segments of that day are in the default partition already and stay there.
    if (!status.ok() && !absl::IsFailedPrecondition(status)) return status;
  }
  const MutexLock lock(mutex_);
  maintained_day_ = today;
  return absl::OkStatus();
}

}  // namespace countersign::session_recorder::store
