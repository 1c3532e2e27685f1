#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/pg/migrate.h"
#include "services/approval/approval_schema.h"
#include "services/approval/store/proof.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval::store {

// Reviews in PostgreSQL (schema/). Content is sealed with a key that only this service has.
class PgReviewStore final : public ReviewStore {
 public:
  // `seal_key` has crypto::kSealKeyBytes bytes. `clock` only orders ids; the database decides what
  // has expired. `pool` must use kApprovalSchema as its search_path. All references must outlive
  // this object.
  PgReviewStore(pg::Pool& pool, SecretString seal_key, const Clock& clock, RandomSource& random)
      : database_(pool, kApprovalSchema, ApprovalMigrations()),
        seal_key_(std::move(seal_key)),
        mac_key_(LogMacKey(seal_key_)),
        clock_(clock),
        random_(random) {}

  absl::StatusOr<Joined> Join(const reviews::NewReview& call) override;
  absl::StatusOr<reviews::Review> Get(const std::string& id) override;
  absl::StatusOr<reviews::ReviewContent> Content(const std::string& id) override;
  absl::StatusOr<std::vector<reviews::Review>> List(const ReviewQuery& query) override;
  absl::StatusOr<std::vector<domain::ReviewStatus>> Statuses(
      const std::vector<std::string>& ids) override;
  absl::StatusOr<reviews::Review> CastVote(const std::string& id,
                                           const reviews::Vote& vote) override;
  absl::StatusOr<Use> Consume(const std::string& id, const std::string& session_id,
                              const reviews::Person& requester,
                              const std::string& binding_hash) override;
  absl::StatusOr<reviews::Review> Revoke(const std::string& id, const std::string& actor,
                                         const std::string& reason) override;
  absl::Status Void(const std::string& id, const std::string& reason) override;
  absl::StatusOr<std::size_t> ExpireDue(std::size_t limit) override;
  absl::StatusOr<ReviewCounts> Counts() override;
  absl::StatusOr<LogHead> Head() override;
  absl::StatusOr<std::vector<Transition>> Log(std::uint64_t after, std::size_t limit) override;
  absl::StatusOr<std::string> LogHash(std::uint64_t sequence) override;
  absl::StatusOr<std::vector<domain::ReviewLines>> Locate(
      const std::vector<std::string>& ids) override;

  // Migrates the schema to this program's version. Every other method does so on first use, so that
  // the service may start while its database is down.
  absl::Status EnsureSchema() { return database_.EnsureSchema(); }

 private:
  template <typename T>
  absl::StatusOr<T> InTransaction(absl::string_view what,
                                  const std::function<absl::StatusOr<T>(pqxx::work&)>& body);
  absl::StatusOr<reviews::Review> OpenIn(pqxx::work& transaction, const reviews::NewReview& call,
                                         const std::string& call_key, absl::Time now,
                                         std::vector<Transition>& lines);

  // Record those that are overdue as EXPIRED: `limit` at most, those of `ids`, or those of `due`,
  // whose rows are locked.
  std::size_t ExpireAll(pqxx::work& transaction, std::size_t limit);
  void ExpireThese(pqxx::work& transaction, const std::vector<std::string>& ids);
  std::size_t Expire(pqxx::work& transaction, std::vector<reviews::Review> due);
  absl::StatusOr<ProvenReview> ProveIn(pqxx::work& transaction, const reviews::Review& review);
  absl::StatusOr<Use> ConsumeIn(pqxx::work& transaction, const std::string& id,
                                const std::string& session_id, const reviews::Person& requester,
                                const std::string& binding_hash);

  std::atomic<std::uint64_t> log_seen_{0};  // the newest committed line that this process saw
  pg::MigratedPool database_;
  const SecretString seal_key_;
  const SecretString mac_key_;
  const Clock& clock_;
  RandomSource& random_;
};

}  // namespace countersign::approval::store
