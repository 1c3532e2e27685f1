// The text filters of PgRecordStore.

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "services/session_recorder/store/record_rows_pg.h"
#include "services/session_recorder/store/record_store_pg.h"

namespace countersign::session_recorder::store {

absl::StatusOr<UnfilteredSessions> PgRecordStore::WithoutTextFilter(std::size_t limit) {
  UnfilteredSessions found;
  CS_RETURN_IF_ERROR(database_.Transact("find sessions to index", [&](pqxx::work& transaction) {
    found = UnfilteredSessions();
    const auto rows = transaction.exec_params(
        absl::StrCat("SELECT ", kSessionColumns,
                     ", covered_by, covered_position FROM (SELECT number AS covered_by, "
                     "position AS covered_position, session_id FROM checkpoint_heads "
                     "WHERE ended AND (number, position) > (SELECT number, position "
                     "FROM text_filter_progress) ORDER BY number, position LIMIT $1) h "
                     "JOIN sessions ON id = session_id ORDER BY covered_by, covered_position"),
        limit);
    for (const auto& row : rows) found.rows.push_back(ReadSession(row));
    if (rows.empty()) return absl::OkStatus();
    found.checkpoint = rows.back()["covered_by"].as<std::uint64_t>();
    found.position = rows.back()["covered_position"].as<std::uint64_t>();
    return absl::OkStatus();
  }));
  return found;
}

absl::Status PgRecordStore::AddTextFilters(const UnfilteredSessions& sessions,
                                           const std::vector<std::string>& filters) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (!filters[i].empty()) places.push_back(i);
  }
  const auto array = [&](auto format) { return ArrayLiteral(places, format); };
  return database_.Transact("index texts", [&](pqxx::work& transaction) {
    transaction.exec_params(
        "INSERT INTO text_filters (day, session_id, filter) SELECT * FROM "
        "unnest($1::date[], $2::uuid[], $3::bytea[]) ON CONFLICT DO NOTHING",
        array([&](std::size_t i) { return UtcDay(sessions.rows[i].started_at); }),
        array([&](std::size_t i) { return sessions.rows[i].id; }),
        array([&](std::size_t i) { return absl::StrCat("\"\\\\x", HexEncode(filters[i]), "\""); }));
    transaction.exec_params(
        "UPDATE text_filter_progress SET number = $1, position = $2 "
        "WHERE (number, position) < ($1, $2)",
        sessions.checkpoint, sessions.position);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> PgRecordStore::TextFilters(
    const std::vector<SessionRow>& sessions) {
  std::vector<std::string> filters(sessions.size());
  CS_RETURN_IF_ERROR(database_.Transact("read text filters", [&](pqxx::work& transaction) {
    filters.assign(sessions.size(), "");
    for (const auto& row : transaction.exec_params(
             "SELECT place, filter FROM unnest($1::date[], $2::uuid[]) WITH ORDINALITY "
             "AS asked(on_day, id, place) JOIN text_filters ON day = on_day AND session_id = id",
             ArrayLiteral(sessions, [](const SessionRow& r) { return UtcDay(r.started_at); }),
             ArrayLiteral(sessions, [](const SessionRow& r) { return r.id; }))) {
      filters[row[0].as<std::size_t>() - 1] = pqxx::binarystring(row[1]).str();
    }
    return absl::OkStatus();
  }));
  return filters;
}

}  // namespace countersign::session_recorder::store
