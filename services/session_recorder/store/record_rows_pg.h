#pragma once

#include <pqxx/row>
#include <string>
#include <vector>

#include "libs/pg/pipeline.h"
#include "services/session_recorder/store/record_store.h"

// Converts between values and rows of the recorder's tables.
namespace countersign::session_recorder::store {

// The columns that ReadSession needs, the first ones of a SELECT from `sessions`.
extern const char kSessionColumns[];
SessionRow ReadSession(const pqxx::row& row);
chain::Checkpoint ReadCheckpoint(
    const pqxx::row& row);                          // of SELECT * FROM checkpoints; without heads
chain::SessionHead ReadHead(const pqxx::row& row);  // position, session_id, idx, head, ended

std::string UtcDay(absl::Time time);  // 2026-11-22

// The statements of a commit, in the order of CommitStatement. Each writes one row to `segments`,
// or none when the write is refused.
std::vector<std::string> CommitStatements();

// `segment` contains the encoded events of the write; both must outlive the statement.
pg::BoundStatement BindWrite(const SessionWrite& write, const std::string& segment);

// "{…}": an array in PostgreSQL's text form, of items that need no quotes.
template <typename Items, typename Format>
std::string ArrayLiteral(const Items& items, Format format) {
  std::string literal = "{";
  for (const auto& item : items) absl::StrAppend(&literal, format(item), ",");
  if (literal.back() == ',') literal.pop_back();
  return literal + "}";
}

}  // namespace countersign::session_recorder::store
