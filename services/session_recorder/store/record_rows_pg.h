#pragma once

#include <pqxx/row>
#include <pqxx/transaction>
#include <string>

#include "services/session_recorder/store/record_store.h"

// Rows of the recorder's tables as SQL text and back. Everything variable is quoted or hexadecimal.
namespace countersign::session_recorder::store {

// What ReadSession needs, in a SELECT over `sessions`.
extern const char kSessionColumns[];
SessionRow ReadSession(const pqxx::row& row);
chain::Checkpoint ReadCheckpoint(
    const pqxx::row& row);                          // of SELECT * FROM checkpoints; without heads
chain::SessionHead ReadHead(const pqxx::row& row);  // position, session_id, idx, head, ended

std::string BytesLiteral(absl::string_view bytes);
std::string UtcDay(absl::Time time);  // 2026-11-22, UTC

// "(…)" for one row each.
extern const char kInsertColumns[];
std::string InsertRow(pqxx::work& transaction, const SessionRow& row);
extern const char kUpdateColumns[];
std::string UpdateRow(pqxx::work& transaction, const SessionWrite& write);
std::string EventRow(pqxx::work& transaction, const std::string& session_id,
                     const SealedEvent& event);

}  // namespace countersign::session_recorder::store
