#include "services/session_recorder/store/record_rows_pg.h"

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::session_recorder::store {
namespace {

std::string Approvers(const SessionSummary& summary) {
  json::Writer out;
  out.BeginArray();
  for (const std::string& approver : summary.approvers) out.String(approver);
  return out.EndArray().str();
}

std::string Masked(const SessionSummary& summary) {
  json::Writer out;
  out.BeginObject();
  for (const auto& [entity, count] : summary.end.masked) out.Key(entity).Int(count);
  return out.EndObject().str();
}

// Most sessions have neither; a parser takes longer than the rest of the row.
void ReadApprovers(const pqxx::field& field, SessionSummary& summary) {
  if (absl::string_view(field.c_str()) == "[]") return;
  const auto approvers = json::Document::Parse(field.c_str());
  for (std::size_t i = 0; approvers.ok() && i < approvers->root().size(); ++i) {
    summary.approvers.emplace_back(approvers->root().at(i).text());
  }
}

void ReadMasked(const pqxx::field& field, SessionSummary& summary) {
  if (absl::string_view(field.c_str()) == "{}") return;
  const auto masked = json::Document::Parse(field.c_str());
  for (std::size_t i = 0; masked.ok() && i < masked->root().size(); ++i) {
    summary.end.masked.emplace(
        std::string(masked->root().key(i)),
        static_cast<std::uint32_t>(masked->root().at(i).integer().value_or(0)));
  }
}

std::string Bytes(const pqxx::field& field) { return pqxx::binarystring(field).str(); }
std::string Text(const pqxx::field& field) { return field.as<std::string>(); }

// Columns that change after a session was opened, in the order of BindSummary.
constexpr absl::string_view kSummaryColumns[] = {
    "policy",       "review_id",     "approvers", "outcome",  "code",
    "input_tokens", "output_tokens", "masked",    "ended_ns", "epoch"};

void BindSummary(const SessionRow& row, pg::BoundStatement& out) {
  const SessionSummary& summary = row.summary;
  out.Bytes(summary.policy)
      .Bytes(summary.review_id)
      .Literal(Approvers(summary))
      .Bytes(domain::ToString(summary.end.outcome))
      .Bytes(summary.end.code)
      .Int(summary.end.input_tokens)
      .Int(summary.end.output_tokens)
      .Literal(Masked(summary));
  if (summary.running()) {
    out.Null();
  } else {
    out.Int(absl::ToUnixNanos(row.ended_at));
  }
  out.Int(static_cast<std::int64_t>(row.epoch));
}

// Binds the first five parameters, which every statement has.
void BindSegment(const SessionWrite& write, const std::string& segment, pg::BoundStatement& out) {
  out.Literal(write.row.id)
      .Int(std::int64_t{write.previous_index} + 1)
      .Int(write.row.head.index)
      .Bytes(segment)
      .Bytes(write.row.head.hash);
}

// Binds the further parameters of the statement that opens a session.
void BindStart(const SessionRow& row, pg::BoundStatement& out) {
  const SessionSummary& summary = row.summary;
  out.Literal(UtcDay(row.started_at))
      .Int(absl::ToUnixNanos(row.started_at))
      .Bytes(row.node)
      .Bytes(row.data_key.key_id)
      .Bytes(row.data_key.bytes)
      .Bytes(summary.request_id)
      .Bytes(summary.identity)
      .Bytes(summary.issuer)
      .Bytes(summary.subject)
      .Bytes(summary.connection)
      .Bytes(summary.model)
      .Bytes(summary.operation)
      .Bool(summary.stream);
}

constexpr absl::string_view kInsertSegment =
    "INSERT INTO segments (day, session_id, first_idx, last_idx, events) "
    "SELECT day, id, $2::bigint, $3::bigint, $4::bytea FROM accepted";

enum CommitStatement : std::size_t { kOpen, kExtend, kDescribe };

std::string OpenStatement() {
  std::string columns =
      "id, head_index, head, day, started_ns, node, key_id, wrapped_key, "
      "request_id, identity, issuer, subject, connection, model, operation, "
      "stream";
  std::string values = "$1::uuid, $3::bigint, $5::bytea";
  int next = 6;
  while (next < 19) absl::StrAppend(&values, ", $", next++);
  for (const absl::string_view column : kSummaryColumns) {
    absl::StrAppend(&columns, ", ", column);
    absl::StrAppend(&values, ", $", next++);
  }
  return absl::StrCat("WITH accepted AS (INSERT INTO sessions (", columns, ") VALUES (", values,
                      ") ON CONFLICT (id) DO NOTHING RETURNING id, day, node), "
                      "listed AS (INSERT INTO open_sessions (session_id, node) SELECT id, node "
                      "FROM accepted ON CONFLICT DO NOTHING) ",
                      kInsertSegment);
}

std::string UpdateStatement(absl::string_view columns) {
  return absl::StrCat(
      "WITH accepted AS (UPDATE sessions SET head_index = $3::bigint, "
      "head = $5::bytea",
      columns,
      " WHERE id = $1::uuid AND epoch = $6::bigint AND head_index = $2::bigint - 1 "
      "AND ended_ns IS NULL RETURNING id, day) ",
      kInsertSegment);
}

std::string DescribeColumns() {
  std::string columns;
  int next = 7;
  for (const absl::string_view column : kSummaryColumns) {
    absl::StrAppend(&columns, ", ", column, " = $", next++);
  }
  return columns;
}

}  // namespace

const char kSessionColumns[] =
    "id, request_id, identity, issuer, subject, connection, model, operation, stream, policy, "
    "review_id, approvers, outcome, code, input_tokens, output_tokens, masked, started_ns, "
    "ended_ns, head_index, head, epoch, node, kill_ordered, key_id, wrapped_key, position";

// Reads columns by position, in the order of kSessionColumns, because finding a column by its name
// takes longer than reading it.
SessionRow ReadSession(const pqxx::row& row) {
  SessionRow session;
  SessionSummary& summary = session.summary;
  pqxx::row::size_type at = 0;
  session.id = Text(row[at++]);
  for (std::string* const text :
       {&summary.request_id, &summary.identity, &summary.issuer, &summary.subject,
        &summary.connection, &summary.model, &summary.operation}) {
    *text = Text(row[at++]);
  }
  summary.stream = row[at++].as<bool>();
  summary.policy = Text(row[at++]);
  summary.review_id = Text(row[at++]);
  ReadApprovers(row[at++], summary);
  summary.end.outcome = domain::OutcomeFromString(row[at++].c_str());
  summary.end.code = Text(row[at++]);
  summary.end.input_tokens = row[at++].as<std::uint32_t>();
  summary.end.output_tokens = row[at++].as<std::uint32_t>();
  ReadMasked(row[at++], summary);
  session.started_at = absl::FromUnixNanos(row[at++].as<std::int64_t>());
  if (const auto ended = row[at++]; !ended.is_null()) {
    session.ended_at = absl::FromUnixNanos(ended.as<std::int64_t>());
  }
  session.head.index = row[at++].as<std::uint32_t>();
  session.head.hash = Bytes(row[at++]);
  session.epoch = row[at++].as<std::uint64_t>();
  session.node = Text(row[at++]);
  session.kill_ordered = row[at++].as<bool>();
  session.data_key.key_id = Text(row[at++]);
  session.data_key.bytes = Bytes(row[at++]);
  if (const auto position = row[at++]; !position.is_null()) {
    session.position = position.as<std::uint64_t>();
  }
  return session;
}

chain::Checkpoint ReadCheckpoint(const pqxx::row& row) {
  chain::Checkpoint checkpoint;
  checkpoint.number = row["number"].as<std::uint64_t>();
  checkpoint.at = absl::FromUnixNanos(row["at_ns"].as<std::int64_t>());
  checkpoint.size = row["size"].as<std::uint64_t>();
  checkpoint.root = Bytes(row["root"]);
  checkpoint.previous = Bytes(row["previous"]);
  checkpoint.public_key = Bytes(row["public_key"]);
  checkpoint.signature = Bytes(row["signature"]);
  if (!row["reviews_sequence"].is_null()) {
    checkpoint.reviews = {row["reviews_sequence"].as<std::uint64_t>(), Bytes(row["reviews_hash"])};
  }
  return checkpoint;
}

chain::SessionHead ReadHead(const pqxx::row& row) {
  chain::SessionHead head;
  if (!row["position"].is_null()) head.position = row["position"].as<std::uint64_t>();
  head.session_id = Text(row["session_id"]);
  head.head = {row["idx"].as<std::uint32_t>(), Bytes(row["head"])};
  head.ended = row["ended"].as<bool>();
  return head;
}

std::string UtcDay(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

std::vector<std::string> CommitStatements() {
  return {OpenStatement(), UpdateStatement(""), UpdateStatement(DescribeColumns())};
}

pg::BoundStatement BindWrite(const SessionWrite& write, const std::string& segment) {
  const SessionRow& row = write.row;
  pg::BoundStatement out(write.opens ? kOpen : write.describes ? kDescribe : kExtend);
  BindSegment(write, segment, out);
  if (write.opens) {
    BindStart(row, out);
  } else {
    out.Int(static_cast<std::int64_t>(write.previous_epoch));
  }
  if (write.opens || write.describes) BindSummary(row, out);
  return out;
}

}  // namespace countersign::session_recorder::store
