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

void ReadLists(const pqxx::row& row, SessionSummary& summary) {
  const auto approvers = json::Document::Parse(row["approvers"].c_str());
  for (std::size_t i = 0; approvers.ok() && i < approvers->root().size(); ++i) {
    summary.approvers.emplace_back(approvers->root().at(i).text());
  }
  const auto masked = json::Document::Parse(row["masked"].c_str());
  for (std::size_t i = 0; masked.ok() && i < masked->root().size(); ++i) {
    summary.end.masked.emplace(
        std::string(masked->root().key(i)),
        static_cast<std::uint32_t>(masked->root().at(i).integer().value_or(0)));
  }
}

std::string Bytes(const pqxx::field& field) { return pqxx::binarystring(field).str(); }
std::string Text(const pqxx::field& field) { return field.as<std::string>(); }

std::string Uuid(const std::string& id) { return absl::StrCat("'", id, "'::uuid"); }
std::string Number(std::uint64_t number) { return absl::StrCat(number, "::bigint"); }

std::string EndedAt(const SessionRow& row) {
  return row.summary.running() ? "NULL::bigint"
                               : absl::StrCat(absl::ToUnixNanos(row.ended_at), "::bigint");
}

// What changes after the session was opened, as both statements write it.
std::string LaterColumns(pqxx::work& transaction, const SessionRow& row) {
  const SessionSummary& summary = row.summary;
  return absl::StrCat(transaction.quote(summary.policy), ", ", transaction.quote(summary.review_id),
                      ", ", transaction.quote(Approvers(summary)), ", ",
                      transaction.quote(std::string(domain::ToString(summary.end.outcome))), ", ",
                      transaction.quote(summary.end.code), ", ", Number(summary.end.input_tokens),
                      ", ", Number(summary.end.output_tokens), ", ",
                      transaction.quote(Masked(summary)), ", ", EndedAt(row), ", ", row.head.index,
                      ", ", BytesLiteral(row.head.hash), ", ", Number(row.epoch));
}

}  // namespace

const char kSessionColumns[] =
    "id, request_id, identity, issuer, subject, connection, model, operation, stream, policy, "
    "review_id, approvers, outcome, code, input_tokens, output_tokens, masked, started_ns, "
    "ended_ns, head_index, head, epoch, node, kill_ordered, key_id, wrapped_key, position";

const char kInsertColumns[] =
    "id, day, request_id, identity, issuer, subject, connection, model, operation, stream, node, "
    "key_id, wrapped_key, started_ns, policy, review_id, approvers, outcome, code, input_tokens, "
    "output_tokens, masked, ended_ns, head_index, head, epoch";

const char kUpdateColumns[] =
    "id, previous_index, previous_epoch, policy, review_id, approvers, outcome, code, "
    "input_tokens, output_tokens, masked, ended_ns, head_index, head, epoch";

SessionRow ReadSession(const pqxx::row& row) {
  SessionRow session;
  session.id = Text(row["id"]);
  SessionSummary& summary = session.summary;
  summary.request_id = Text(row["request_id"]);
  summary.identity = Text(row["identity"]);
  summary.issuer = Text(row["issuer"]);
  summary.subject = Text(row["subject"]);
  summary.connection = Text(row["connection"]);
  summary.model = Text(row["model"]);
  summary.operation = Text(row["operation"]);
  summary.stream = row["stream"].as<bool>();
  summary.policy = Text(row["policy"]);
  summary.review_id = Text(row["review_id"]);
  summary.end.outcome = domain::OutcomeFromString(row["outcome"].c_str());
  summary.end.code = Text(row["code"]);
  summary.end.input_tokens = row["input_tokens"].as<std::uint32_t>();
  summary.end.output_tokens = row["output_tokens"].as<std::uint32_t>();
  ReadLists(row, summary);
  session.started_at = absl::FromUnixNanos(row["started_ns"].as<std::int64_t>());
  if (!row["ended_ns"].is_null()) {
    session.ended_at = absl::FromUnixNanos(row["ended_ns"].as<std::int64_t>());
  }
  session.head = {row["head_index"].as<std::uint32_t>(), Bytes(row["head"])};
  session.epoch = row["epoch"].as<std::uint64_t>();
  session.node = Text(row["node"]);
  session.kill_ordered = row["kill_ordered"].as<bool>();
  session.data_key = {Text(row["key_id"]), Bytes(row["wrapped_key"])};
  if (!row["position"].is_null()) session.position = row["position"].as<std::uint64_t>();
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

std::string BytesLiteral(absl::string_view bytes) {
  return absl::StrCat("'\\x", HexEncode(bytes), "'::bytea");
}

std::string UtcDay(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

std::string InsertRow(pqxx::work& transaction, const SessionRow& row) {
  const SessionSummary& summary = row.summary;
  return absl::StrCat(
      "(", Uuid(row.id), ", '", UtcDay(row.started_at), "'::date, ",
      transaction.quote(summary.request_id), ", ", transaction.quote(summary.identity), ", ",
      transaction.quote(summary.issuer), ", ", transaction.quote(summary.subject), ", ",
      transaction.quote(summary.connection), ", ", transaction.quote(summary.model), ", ",
      transaction.quote(summary.operation), ", ", summary.stream ? "true" : "false", ", ",
      transaction.quote(row.node), ", ", transaction.quote(row.data_key.key_id), ", ",
      BytesLiteral(row.data_key.bytes), ", ", absl::ToUnixNanos(row.started_at), ", ",
      LaterColumns(transaction, row), ")");
}

std::string UpdateRow(pqxx::work& transaction, const SessionWrite& write) {
  return absl::StrCat("(", Uuid(write.row.id), ", ", write.previous_index, ", ",
                      Number(write.previous_epoch), ", ", LaterColumns(transaction, write.row),
                      ")");
}

std::string EventRow(pqxx::work& transaction, const std::string& session_id,
                     const SealedEvent& event) {
  return absl::StrCat("(", Uuid(session_id), ", ", event.index, ", ", transaction.quote(event.type),
                      ", ", absl::ToUnixNanos(event.at), "::bigint, ", BytesLiteral(event.sealed),
                      ", ", BytesLiteral(event.hash), ")");
}

}  // namespace countersign::session_recorder::store
