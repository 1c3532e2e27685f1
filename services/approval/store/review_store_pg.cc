#include "services/approval/store/review_store_pg.h"

#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/random.h"
#include "libs/base/status.h"
#include "libs/crypto/seal.h"
#include "services/approval/approval_errors.h"
#include "services/approval/reviews/review_content.h"
#include "services/approval/reviews/review_rules.h"
#include "services/approval/store/review_rows_pg.h"
#include "services/approval/store/transition_details.h"

namespace countersign::approval::store {

using domain::ReviewState;

namespace {

// Overdue reviews that one listing records as EXPIRED. With more of them the rest is told as it is
// stored, until the next read or sweep.
constexpr std::size_t kExpiredByList = 1'000;

constexpr char kDue[] =
    "((state = 'PENDING' AND pending_expires_at <= clock_timestamp())"
    " OR (state = 'APPROVED' AND grant_expires_at <= clock_timestamp()))";

// Checks that there is a use at a time ($6, in microseconds) and takes it in one statement, so that
// no other transaction can change the state in between (services/approval/README.md, "Consuming").
constexpr char kConsume[] =
    "WITH taken AS ("
    " UPDATE review SET uses_left = uses_left - 1,"
    "   state = CASE WHEN uses_left > 1 THEN 'APPROVED' WHEN grant_uses = 1 THEN 'CONSUMED'"
    "                ELSE 'EXHAUSTED' END"
    " WHERE id = $1 AND state = 'APPROVED' AND uses_left > 0"
    "   AND grant_expires_at > to_timestamp(0) + $6 * interval '1 microsecond'"
    "   AND binding_hash = $3"
    "   AND requester_issuer = $4 AND requester_subject = $5"
    "   AND NOT EXISTS (SELECT FROM review_use WHERE review = $1 AND session = $2)"
    " RETURNING id, state)"
    " INSERT INTO review_use (review, session, at)"
    " SELECT id, $2, to_timestamp(0) + $6 * interval '1 microsecond' FROM taken"
    " RETURNING review";

std::string SealContext(const std::string& id, absl::string_view what) {
  return absl::StrCat("countersign approval/", id, "/", what);
}

Transition MakeTransition(const reviews::Review& before, ReviewState to, std::string actor,
                          std::string detail) {
  Transition line;
  line.review_id = before.id;
  line.from = before.state;
  line.to = to;
  line.actor = std::move(actor);
  line.detail = std::move(detail);
  return line;
}

// Marks `review`, whose row is locked, as EXPIRED if it is overdue at `now`.
bool ExpireIfDue(pqxx::work& transaction, reviews::Review& review, absl::Time now,
                 std::vector<Transition>& lines) {
  if (reviews::StateAt(review, now) == review.state) return false;
  lines.push_back(MakeTransition(review, ReviewState::kExpired, kSystemActor, kExpiredDetail));
  review.state = ReviewState::kExpired;
  rows::UpdateReview(transaction, review);
  return true;
}

// Serialises the openings of one caller within their transactions, so that each is counted.
absl::Status CheckMayOpen(pqxx::work& transaction, const reviews::Person& requester) {
  const std::string caller = requester.identity.empty()
                                 ? absl::StrCat(requester.issuer, "#", requester.subject)
                                 : requester.identity;
  transaction.exec_params(
      "SELECT pg_advisory_xact_lock(hashtextextended('approval/opens/' || $1, 0))", caller);
  const auto pending = transaction
                           .exec_params1(
                               "SELECT count(*) FROM review WHERE state = 'PENDING'"
                               " AND pending_expires_at > clock_timestamp()"
                               " AND ((requester_issuer = $1 AND requester_subject = $2)"
                               "      OR (requester_identity <> '' AND requester_identity = $3))",
                               requester.issuer, requester.subject, requester.identity)[0]
                           .as<std::size_t>();
  if (pending < reviews::kMaxPendingPerCaller) return absl::OkStatus();
  return errors::TooManyReviews(pending);
}

// Which reviews the reader of `query`, whose names are $1, may see.
std::string ReaderCondition(pqxx::work& transaction, const ReviewQuery& query) {
  const auto among = [&](const std::vector<std::string>& connections) {
    return absl::StrCat("connection = ANY(", transaction.quote(rows::ArrayLiteral(connections)),
                        "::text[])");
  };
  if (query.audits_all) return "$1::text[] IS NOT NULL";
  std::string named = "reviewers && $1::text[]";
  if (!query.all_connections) absl::StrAppend(&named, " AND ", among(query.connections));
  if (query.audited.empty()) return named;
  return absl::StrCat("(", named, " OR ", among(query.audited), ")");
}

bool AskedFor(const reviews::Review& review, const reviews::Person& person) {
  return review.requester.issuer == person.issuer && review.requester.subject == person.subject;
}

}  // namespace

// Errors of `body` roll back and are returned unchanged, without the pool's annotation, because
// reviewers and callers read them.
template <typename T>
absl::StatusOr<T> PgReviewStore::InTransaction(
    absl::string_view what, const std::function<absl::StatusOr<T>(pqxx::work&)>& body) {
  absl::StatusOr<T> answer = absl::UnknownError("not run");
  bool refused = false;
  const absl::Status status = database_.Transact(what, [&](pqxx::work& transaction) {
    answer = body(transaction);
    refused = !answer.ok();
    return answer.status();
  });
  if (refused || status.ok()) return answer;
  return status;
}

absl::StatusOr<Joined> PgReviewStore::Join(const reviews::NewReview& call) {
  CS_RETURN_IF_ERROR(reviews::CheckNew(call));
  const std::string key = reviews::CallKey(call.requester, call.connection, call.binding_hash);
  return InTransaction<Joined>(
      "joining a review", [&](pqxx::work& transaction) -> absl::StatusOr<Joined> {
        // Serialises calls of the same kind. The number in the lock's key only spreads the locks.
        transaction.exec_params(
            "SELECT pg_advisory_xact_lock(hashtextextended('approval/join/' || $1, 0))",
            HexEncode(key));
        std::vector<reviews::Review> same_call = rows::Read(
            transaction,
            "call_key = decode($1, 'hex') AND (state IN ('PENDING', 'APPROVED') OR (state = "
            "'DENIED'"
            " AND decided_at + pending_ttl_ms * interval '1 millisecond' > clock_timestamp()))",
            HexEncode(key), rows::Lock::kForUpdate);
        const absl::Time now = rows::Now(transaction);
        std::vector<Transition> lines;
        for (reviews::Review& review : same_call) ExpireIfDue(transaction, review, now, lines);
        Joined joined;
        if (const reviews::Review* found =
                reviews::ChooseReview(same_call, reviews::TermsKey(call.terms), now)) {
          joined.review = *found;
        } else {
          CS_RETURN_IF_ERROR(CheckMayOpen(transaction, call.requester));
          CS_ASSIGN_OR_RETURN(joined.review, OpenIn(transaction, call, key, now, lines));
          joined.opened = true;
        }
        if (!lines.empty()) rows::Append(transaction, std::move(lines), now, mac_key_);
        return joined;
      });
}

absl::StatusOr<reviews::Review> PgReviewStore::OpenIn(pqxx::work& transaction,
                                                      const reviews::NewReview& call,
                                                      const std::string& call_key, absl::Time now,
                                                      std::vector<Transition>& lines) {
  const reviews::Review review =
      reviews::MakePendingReview(call, UuidV7(clock_.Now(), random_), now);
  Transition opened;
  opened.review_id = review.id;
  opened.to = review.state;
  opened.actor = call.requester.DisplayName();
  opened.detail = OpenedDetail(call, call.session_id);
  lines.push_back(std::move(opened));
  rows::InsertReview(transaction, review, call_key);

  static const reviews::ReviewContent kNone;
  const reviews::ReviewContent& content = call.content == nullptr ? kNone : *call.content;
  const std::string readable = crypto::Seal(seal_key_, SealContext(review.id, "readable"),
                                            reviews::EncodeReadable(content), random_);
  const std::string body =
      crypto::Seal(seal_key_, SealContext(review.id, "body"), content.upstream_body, random_);
  transaction.exec_params0(
      "INSERT INTO review_content (review, sealed_readable, sealed_body) VALUES ($1, $2, $3)",
      review.id, pqxx::binarystring(readable.data(), readable.size()),
      pqxx::binarystring(body.data(), body.size()));
  return review;
}

absl::StatusOr<reviews::Review> PgReviewStore::Get(const std::string& id) {
  return InTransaction<reviews::Review>(
      "reading a review", [&](pqxx::work& transaction) -> absl::StatusOr<reviews::Review> {
        if (IsUuid(id)) ExpireThese(transaction, {id});
        CS_ASSIGN_OR_RETURN(reviews::Review review,
                            rows::ReadOne(transaction, id, rows::Lock::kNone));
        if (review.state == ReviewState::kRevoked) rows::ReadRevocation(transaction, review);
        return review;
      });
}

absl::StatusOr<reviews::ReviewContent> PgReviewStore::Content(const std::string& id) {
  return InTransaction<reviews::ReviewContent>(
      "reading a review's content",
      [&](pqxx::work& transaction) -> absl::StatusOr<reviews::ReviewContent> {
        if (!IsUuid(id)) return errors::NotFound(id);
        const pqxx::result found = transaction.exec_params(
            "SELECT sealed_readable, sealed_body FROM review_content WHERE review = $1", id);
        if (found.empty()) return errors::NotFound(id);
        const std::string sealed_readable = pqxx::binarystring(found[0][0]).str();
        const std::string sealed_body = pqxx::binarystring(found[0][1]).str();
        reviews::ReviewContent content;
        CS_ASSIGN_OR_RETURN(const std::string readable,
                            crypto::Open(seal_key_, SealContext(id, "readable"), sealed_readable));
        CS_RETURN_IF_ERROR(reviews::DecodeReadable(readable, content));
        CS_ASSIGN_OR_RETURN(content.upstream_body,
                            crypto::Open(seal_key_, SealContext(id, "body"), sealed_body));
        return content;
      });
}

absl::StatusOr<std::vector<reviews::Review>> PgReviewStore::List(const ReviewQuery& query) {
  return InTransaction<std::vector<reviews::Review>>(
      "listing reviews",
      [&](pqxx::work& transaction) -> absl::StatusOr<std::vector<reviews::Review>> {
        if (!query.before.empty() && !IsUuid(query.before)) {
          return InvalidField("page_token", "belongs to another listing");
        }
        ExpireAll(transaction, kExpiredByList);
        std::string where = ReaderCondition(transaction, query);
        if (!query.all_states) {
          absl::StrAppend(&where, " AND state = ",
                          transaction.quote(std::string(domain::ToString(query.state))));
        }
        if (!query.before.empty()) {
          absl::StrAppend(&where, " AND id < ", transaction.quote(query.before));
        }
        absl::StrAppend(&where, " ORDER BY id DESC LIMIT ", query.limit);
        return rows::Read(transaction, where, rows::ArrayLiteral(query.names), rows::Lock::kNone);
      });
}

absl::StatusOr<std::vector<domain::ReviewStatus>> PgReviewStore::Statuses(
    const std::vector<std::string>& ids) {
  std::vector<std::string> known;
  for (const std::string& id : ids) {
    if (IsUuid(id)) known.push_back(id);
  }
  return InTransaction<std::vector<domain::ReviewStatus>>(
      "reading states of reviews", [&](pqxx::work& transaction) {
        ExpireThese(transaction, known);
        std::vector<domain::ReviewStatus> statuses;
        std::vector<std::string> decided;
        const std::string sql =
            "SELECT id::text, state, reason,"
            " (extract(epoch FROM coalesce(grant_expires_at, pending_expires_at))"
            " * 1000000)::bigint FROM review WHERE id = ANY($1::uuid[])";
        for (const auto& row : transaction.exec_params(sql, rows::ArrayLiteral(known))) {
          domain::ReviewStatus& status = statuses.emplace_back();
          status.review_id = row[0].as<std::string>();
          status.state = domain::ReviewStateFromString(row[1].as<std::string>());
          status.reason = row[2].as<std::string>();
          status.expires_at = absl::FromUnixMicros(row[3].as<std::int64_t>());
          if (status.state != ReviewState::kPending) decided.push_back(status.review_id);
        }
        if (decided.empty()) return statuses;
        const auto votes = rows::ReadVotes(transaction, decided);
        for (domain::ReviewStatus& status : statuses) {
          const auto found = votes.find(status.review_id);
          if (found != votes.end()) status.votes = reviews::ToReviewVotes(found->second);
        }
        return statuses;
      });
}

absl::StatusOr<reviews::Review> PgReviewStore::CastVote(const std::string& id,
                                                        const reviews::Vote& vote) {
  return InTransaction<reviews::Review>(
      "voting", [&](pqxx::work& transaction) -> absl::StatusOr<reviews::Review> {
        CS_ASSIGN_OR_RETURN(reviews::Review review,
                            rows::ReadOne(transaction, id, rows::Lock::kForUpdate));
        const absl::Time now = rows::Now(transaction);
        CS_RETURN_IF_ERROR(reviews::CheckVote(review, vote, now));
        const ReviewState after = reviews::AddVote(review, vote, now);
        rows::InsertVote(transaction, id, review.votes.back());
        Transition line = MakeTransition(review, after, vote.voter.DisplayName(), VoteDetail(vote));
        review.state = after;
        rows::UpdateReview(transaction, review);
        rows::Append(transaction, {std::move(line)}, now, mac_key_);
        return review;
      });
}

absl::StatusOr<ProvenReview> PgReviewStore::ProveIn(pqxx::work& transaction,
                                                    const reviews::Review& review) {
  const std::uint64_t seen = log_seen_;  // before the extract is read: it must not end earlier
  const LogExtract extract = rows::ReadExtract(transaction, review.id);
  CS_ASSIGN_OR_RETURN(ProvenReview proven, ProveReview(review, extract, mac_key_));
  const std::uint64_t newest = extract.lines.back().sequence;
  if (newest < seen) return errors::LogSetBack(seen);
  std::uint64_t known = seen;
  while (known < newest && !log_seen_.compare_exchange_weak(known, newest)) {
  }
  return proven;
}

absl::StatusOr<Use> PgReviewStore::ConsumeIn(pqxx::work& transaction, const std::string& id,
                                             const std::string& session_id,
                                             const reviews::Person& requester,
                                             const std::string& binding_hash) {
  CS_ASSIGN_OR_RETURN(const reviews::Review review,
                      rows::ReadOne(transaction, id, rows::Lock::kForUpdate));
  if (!AskedFor(review, requester)) return errors::NotFound(id);
  const absl::Time now = rows::Now(transaction);
  const pqxx::result earlier = transaction.exec_params(
      "SELECT (extract(epoch FROM at) * 1000000)::bigint FROM review_use"
      " WHERE review = $1 AND session = $2",
      id, session_id);
  if (!earlier.empty()) {
    if (review.binding_hash != binding_hash) return errors::BindingMismatch(id);
    CS_ASSIGN_OR_RETURN(const ProvenReview proven, ProveIn(transaction, review));
    if (proven.sessions.count(session_id) == 0) return errors::UseUnproven(id);
    return Use{id, session_id, absl::FromUnixMicros(earlier[0][0].as<std::int64_t>()), review};
  }
  CS_RETURN_IF_ERROR(reviews::CheckUse(review, binding_hash, now));
  CS_ASSIGN_OR_RETURN(const ProvenReview proven, ProveIn(transaction, review));
  CS_RETURN_IF_ERROR(CheckProvenUse(proven, review, now));
  const pqxx::result taken =
      transaction.exec_params(kConsume, id, session_id, binding_hash, requester.issuer,
                              requester.subject, absl::ToUnixMicros(now));
  if (taken.empty()) return absl::AbortedError("the review changed meanwhile");
  Use use{id, session_id, now, review};
  use.review.state = reviews::StateAfterUse(review);
  --use.review.uses_left;
  rows::Append(transaction,
               {MakeTransition(review, use.review.state, review.requester.DisplayName(),
                               UseDetail(session_id))},
               now, mac_key_);
  return use;
}

absl::StatusOr<Use> PgReviewStore::Consume(const std::string& id, const std::string& session_id,
                                           const reviews::Person& requester,
                                           const std::string& binding_hash) {
  return InTransaction<Use>("using a grant", [&](pqxx::work& transaction) {
    return ConsumeIn(transaction, id, session_id, requester, binding_hash);
  });
}

absl::Status PgReviewStore::Void(const std::string& id, const std::string& reason) {
  const auto voided = InTransaction<bool>(
      "taking a review back", [&](pqxx::work& transaction) -> absl::StatusOr<bool> {
        CS_ASSIGN_OR_RETURN(reviews::Review review,
                            rows::ReadOne(transaction, id, rows::Lock::kForUpdate));
        const std::optional<Transition> line =
            MakeVoidTransition(rows::ReadExtract(transaction, id), id, reason);
        if (review.state == ReviewState::kApproved) {
          review.state = ReviewState::kRevoked;
          review.reason = reason;
          rows::UpdateReview(transaction, review);
        }
        if (line) rows::Append(transaction, {*line}, rows::Now(transaction), mac_key_);
        return true;
      });
  return voided.status();
}

absl::StatusOr<reviews::Review> PgReviewStore::Revoke(const std::string& id,
                                                      const std::string& actor,
                                                      const std::string& reason) {
  return InTransaction<reviews::Review>(
      "revoking a review", [&](pqxx::work& transaction) -> absl::StatusOr<reviews::Review> {
        CS_ASSIGN_OR_RETURN(reviews::Review review,
                            rows::ReadOne(transaction, id, rows::Lock::kForUpdate));
        const absl::Time now = rows::Now(transaction);
        const ReviewState state = reviews::StateAt(review, now);
        if (state == ReviewState::kRevoked) return review;
        if (state != ReviewState::kApproved) return errors::NotApproved(id, state);
        Transition line =
            MakeTransition(review, ReviewState::kRevoked, actor, ReasonDetail(reason));
        review.state = ReviewState::kRevoked;
        review.reason = reason;
        rows::UpdateReview(transaction, review);
        rows::Append(transaction, {std::move(line)}, now, mac_key_);
        return review;
      });
}

absl::StatusOr<std::size_t> PgReviewStore::ExpireDue(std::size_t limit) {
  return InTransaction<std::size_t>("expiring reviews",
                                    [&](pqxx::work& transaction) -> absl::StatusOr<std::size_t> {
                                      return ExpireAll(transaction, limit);
                                    });
}

std::size_t PgReviewStore::ExpireAll(pqxx::work& transaction, std::size_t limit) {
  return Expire(transaction,
                rows::Read(transaction,
                           absl::StrCat("id IN (SELECT id FROM review WHERE ", kDue,
                                        " ORDER BY id LIMIT $1::bigint FOR UPDATE SKIP LOCKED)"),
                           absl::StrCat(limit), rows::Lock::kForUpdate));
}

void PgReviewStore::ExpireThese(pqxx::work& transaction, const std::vector<std::string>& ids) {
  Expire(transaction,
         rows::Read(transaction,
                    absl::StrCat("id IN (SELECT id FROM review WHERE id = ANY($1::uuid[]) AND ",
                                 kDue, " ORDER BY id FOR UPDATE SKIP LOCKED)"),
                    rows::ArrayLiteral(ids), rows::Lock::kForUpdate));
}

std::size_t PgReviewStore::Expire(pqxx::work& transaction, std::vector<reviews::Review> due) {
  if (due.empty()) return 0;
  const absl::Time now = rows::Now(transaction);
  std::vector<Transition> lines;
  for (reviews::Review& review : due) ExpireIfDue(transaction, review, now, lines);
  const std::size_t expired = lines.size();
  if (!lines.empty()) rows::Append(transaction, std::move(lines), now, mac_key_);
  return expired;
}

absl::StatusOr<ReviewCounts> PgReviewStore::Counts() {
  return InTransaction<ReviewCounts>("counting reviews", [&](pqxx::work& transaction) {
    const pqxx::row row = transaction.exec1(
        "SELECT count(*) FROM review WHERE state = 'PENDING'"
        " AND pending_expires_at > clock_timestamp()");
    return ReviewCounts{row[0].as<std::size_t>()};
  });
}

absl::StatusOr<LogHead> PgReviewStore::Head() {
  return InTransaction<LogHead>("reading the approval log", [&](pqxx::work& transaction) {
    return rows::ReadHead(transaction);
  });
}

absl::StatusOr<std::vector<Transition>> PgReviewStore::Log(std::uint64_t after, std::size_t limit) {
  return InTransaction<std::vector<Transition>>(
      "reading the approval log",
      [&](pqxx::work& transaction) { return rows::ReadLog(transaction, after, limit); });
}

absl::StatusOr<std::string> PgReviewStore::LogHash(std::uint64_t sequence) {
  if (sequence == 0) return EmptyLogHead().hash;
  return InTransaction<std::string>(
      "reading the approval log", [&](pqxx::work& transaction) -> absl::StatusOr<std::string> {
        const pqxx::result found = transaction.exec_params(
            "SELECT encode(hash, 'hex') FROM review_log WHERE sequence = $1", sequence);
        if (found.empty()) return absl::NotFoundError("the approval log has no such line");
        return HexDecode(found[0][0].as<std::string>());
      });
}

absl::StatusOr<std::vector<domain::ReviewLines>> PgReviewStore::Locate(
    const std::vector<std::string>& ids) {
  std::vector<std::string> known;
  for (const std::string& id : ids) {
    if (IsUuid(id)) known.push_back(id);
  }
  return InTransaction<std::vector<domain::ReviewLines>>(
      "finding reviews in the log", [&](pqxx::work& transaction) {
        std::vector<domain::ReviewLines> found;
        for (const auto& row : transaction.exec_params(
                 "SELECT review::text, min(sequence), max(sequence) FROM review_log"
                 " WHERE review = ANY($1::uuid[]) GROUP BY review",
                 rows::ArrayLiteral(known))) {
          found.push_back(
              {row[0].as<std::string>(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>()});
        }
        return found;
      });
}

}  // namespace countersign::approval::store
