#pragma once

#include <pqxx/transaction>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/approval/reviews/review.h"
#include "services/approval/store/transition_log.h"

// Rows of the schema as values, for review_store_pg.cc. These functions may throw what libpqxx
// throws; pg::Pool::Transact turns that into a status.
namespace countersign::approval::store::rows {

enum class Lock { kNone, kForUpdate };

// The reviews that `where`, a condition on table `review` with $1, holds for, with their votes.
std::vector<reviews::Review> Read(pqxx::work& transaction, const std::string& where,
                                  const std::string& argument, Lock lock);

// The review with this id. NOT_FOUND, also for what is no UUID.
absl::StatusOr<reviews::Review> ReadOne(pqxx::work& transaction, const std::string& id, Lock lock);

// The database's clock, after whatever lock was waited for.
absl::Time Now(pqxx::work& transaction);

void InsertReview(pqxx::work& transaction, const reviews::Review& review,
                  const std::string& call_key);
void InsertVote(pqxx::work& transaction, const std::string& review_id, const reviews::Vote& vote);

// Writes the columns of `review` that may change.
void UpdateReview(pqxx::work& transaction, const reviews::Review& review);

// Chains `lines` behind the log's head, last in the transaction: the head is locked until the
// commit. Times are the database's.
void Append(pqxx::work& transaction, std::vector<Transition> lines);
LogHead ReadHead(pqxx::work& transaction);
std::vector<Transition> ReadLog(pqxx::work& transaction, std::uint64_t after, std::size_t limit);

// {"a","b"}: a text[] literal.
std::string ArrayLiteral(const std::vector<std::string>& values);

bool IsUuid(const std::string& id);

}  // namespace countersign::approval::store::rows
