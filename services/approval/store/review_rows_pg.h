#pragma once

#include <map>
#include <pqxx/transaction>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/approval/reviews/review.h"
#include "services/approval/store/proof.h"
#include "services/approval/store/transition_log.h"

// Reads and writes rows of the schema, for review_store_pg.cc. May throw libpqxx exceptions, which
// pg::Pool::Transact turns into a status.
namespace countersign::approval::store::rows {

enum class Lock { kNone, kForUpdate };

// The reviews, with their votes, that match `where`: a condition on table `review` that uses $1.
std::vector<reviews::Review> Read(pqxx::work& transaction, const std::string& where,
                                  const std::string& argument, Lock lock);

// The review with this id. NOT_FOUND, also when `id` is not a UUID.
absl::StatusOr<reviews::Review> ReadOne(pqxx::work& transaction, const std::string& id, Lock lock);

// Votes by review, in order of time.
std::map<std::string, std::vector<reviews::Vote>> ReadVotes(pqxx::work& transaction,
                                                            const std::vector<std::string>& ids);

// Reads from the log who revoked `review` and when.
void ReadRevocation(pqxx::work& transaction, reviews::Review& review);

// The database's time; call it after locks were taken.
absl::Time Now(pqxx::work& transaction);

void InsertReview(pqxx::work& transaction, const reviews::Review& review,
                  const std::string& call_key);
void InsertVote(pqxx::work& transaction, const std::string& review_id, const reviews::Vote& vote);

// Writes the mutable columns of `review`.
void UpdateReview(pqxx::work& transaction, const reviews::Review& review);

// Chains `lines` to the head of the log. Call it last in a transaction: the head stays locked until
// the commit. `at` is the database's time by which the change was checked: a later one could
// contradict the check, above all when the clock is set meanwhile.
void Append(pqxx::work& transaction, std::vector<Transition> lines, absl::Time at,
            const SecretString& mac_key);
LogHead ReadHead(pqxx::work& transaction);
// The log, starting with the opening of this review.
LogExtract ReadExtract(pqxx::work& transaction, const std::string& review_id);
std::vector<Transition> ReadLog(pqxx::work& transaction, std::uint64_t after, std::size_t limit);

// {"a","b"}: a text[] literal.
std::string ArrayLiteral(const std::vector<std::string>& values);

}  // namespace countersign::approval::store::rows
