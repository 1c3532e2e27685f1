#include "services/approval/store/review_rows_pg.h"

#include <limits>
#include <map>
#include <optional>
#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/random.h"
#include "services/approval/approval_errors.h"
#include "services/approval/reviews/review_rules.h"

namespace countersign::approval::store::rows {
namespace {

constexpr char kColumns[] =
    "id::text, state, requester_issuer, requester_subject, requester_identity, requester_owner,"
    " connection, connection_version, binding_hash, policy, policy_version,"
    " reviewers, approvals, pending_ttl_ms, hold_ms, grant_ttl_ms, grant_uses,"
    " prompt_tokens, model, (extract(epoch FROM created_at) * 1000000)::bigint,"
    " (extract(epoch FROM pending_expires_at) * 1000000)::bigint,"
    " (extract(epoch FROM decided_at) * 1000000)::bigint,"
    " (extract(epoch FROM grant_expires_at) * 1000000)::bigint, uses_left, reason";

// A PostgreSQL timestamp literal, exact to the microsecond; nullopt is NULL.
std::optional<std::string> Micros(absl::Time time) {
  if (time == absl::InfinitePast()) return std::nullopt;
  return absl::StrCat(absl::ToUnixMicros(time));
}

absl::Time ToTime(const pqxx::field& field) {
  return field.is_null() ? absl::InfinitePast() : absl::FromUnixMicros(field.as<std::int64_t>());
}

std::vector<std::string> Strings(const pqxx::field& array) {
  std::vector<std::string> values;
  auto parser = array.as_array();
  for (auto item = parser.get_next(); item.first != pqxx::array_parser::done;
       item = parser.get_next()) {
    if (item.first == pqxx::array_parser::string_value) values.push_back(item.second);
  }
  return values;
}

reviews::Review ReadReview(const pqxx::row& row) {
  reviews::Review review;
  int i = 0;
  review.id = row[i++].as<std::string>();
  review.state = domain::ReviewStateFromString(row[i++].as<std::string>());
  review.requester.issuer = row[i++].as<std::string>();
  review.requester.subject = row[i++].as<std::string>();
  review.requester.identity = row[i++].as<std::string>();
  review.requester.owner = row[i++].as<std::string>();
  review.connection = row[i++].as<std::string>();
  review.connection_version = row[i++].as<std::uint64_t>();
  review.binding_hash = row[i++].as<std::string>();
  review.policy = row[i++].as<std::string>();
  review.policy_version = row[i++].as<std::uint64_t>();
  review.terms.reviewers = Strings(row[i++]);
  review.terms.approvals = row[i++].as<int>();
  review.terms.pending_ttl = absl::Milliseconds(row[i++].as<std::int64_t>());
  review.terms.hold = absl::Milliseconds(row[i++].as<std::int64_t>());
  review.terms.grant_ttl = absl::Milliseconds(row[i++].as<std::int64_t>());
  review.terms.grant_uses = row[i++].as<int>();
  review.prompt_tokens = row[i++].as<std::size_t>();
  review.model = row[i++].as<std::string>();
  review.created_at = ToTime(row[i++]);
  review.pending_expires_at = ToTime(row[i++]);
  review.decided_at = ToTime(row[i++]);
  review.grant_expires_at = ToTime(row[i++]);
  review.uses_left = row[i++].as<int>();
  review.reason = row[i++].as<std::string>();
  return review;
}

pqxx::binarystring Bytes(const std::string& raw) {
  return pqxx::binarystring(raw.data(), raw.size());
}

}  // namespace

std::map<std::string, std::vector<reviews::Vote>> ReadVotes(pqxx::work& transaction,
                                                            const std::vector<std::string>& ids) {
  std::map<std::string, std::vector<reviews::Vote>> votes;
  const pqxx::result found = transaction.exec_params(
      "SELECT review::text, issuer, subject, identity, owner, ballot, reason, seen_hash,"
      " claimed_groups, (extract(epoch FROM at) * 1000000)::bigint"
      " FROM review_vote WHERE review = ANY($1::uuid[]) ORDER BY at, person",
      ArrayLiteral(ids));
  for (const auto& row : found) {
    reviews::Vote& vote = votes[row[0].as<std::string>()].emplace_back();
    vote.voter = {row[1].as<std::string>(), row[2].as<std::string>(), row[3].as<std::string>(),
                  row[4].as<std::string>()};
    vote.ballot =
        row[5].as<std::string>() == "APPROVE" ? reviews::Ballot::kApprove : reviews::Ballot::kDeny;
    vote.reason = row[6].as<std::string>();
    vote.seen_hash = row[7].as<std::string>();
    vote.claimed_groups = Strings(row[8]);
    vote.at = ToTime(row[9]);
  }
  return votes;
}

void ReadRevocation(pqxx::work& transaction, reviews::Review& review) {
  const pqxx::result found = transaction.exec_params(
      "SELECT actor, (extract(epoch FROM at) * 1000000)::bigint FROM review_log"
      " WHERE review = $1 AND next = 'REVOKED' ORDER BY sequence DESC LIMIT 1",
      review.id);
  if (found.empty()) return;
  review.revoked_by = found[0][0].as<std::string>();
  review.revoked_at = ToTime(found[0][1]);
}

std::vector<reviews::Review> Read(pqxx::work& transaction, const std::string& where,
                                  const std::string& argument, Lock lock) {
  const std::string sql = absl::StrCat("SELECT ", kColumns, " FROM review WHERE ", where,
                                       lock == Lock::kForUpdate ? " FOR UPDATE" : "");
  std::vector<reviews::Review> reviews;
  for (const auto& row : transaction.exec_params(sql, argument)) {
    reviews.push_back(ReadReview(row));
  }
  std::vector<std::string> ids;
  for (const reviews::Review& review : reviews) ids.push_back(review.id);
  if (ids.empty()) return reviews;
  auto votes = ReadVotes(transaction, ids);
  for (reviews::Review& review : reviews) review.votes = std::move(votes[review.id]);
  return reviews;
}

absl::StatusOr<reviews::Review> ReadOne(pqxx::work& transaction, const std::string& id, Lock lock) {
  if (!IsUuid(id)) return errors::NotFound(id);
  std::vector<reviews::Review> reviews = Read(transaction, "id = $1", id, lock);
  if (reviews.empty()) return errors::NotFound(id);
  return std::move(reviews.front());
}

absl::Time Now(pqxx::work& transaction) {
  return ToTime(
      transaction.exec1("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")[0]);
}

void InsertReview(pqxx::work& transaction, const reviews::Review& review,
                  const std::string& call_key) {
  transaction.exec_params0(
      "INSERT INTO review (id, state, call_key, terms_key, requester_issuer, requester_subject,"
      " requester_identity, requester_owner, connection, connection_version, binding_hash, policy,"
      " policy_version, reviewers, approvals, pending_ttl_ms, hold_ms, grant_kind, grant_ttl_ms,"
      " grant_uses, prompt_tokens, model, created_at, pending_expires_at)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text[], $15, $16, $17,"
      " 'oneShot', $18, $19, $20, $21, to_timestamp(0) + $22 * interval '1 microsecond',"
      " to_timestamp(0) + $23 * interval '1 microsecond')",
      review.id, std::string(domain::ToString(review.state)), Bytes(call_key),
      Bytes(reviews::TermsKey(review.terms)), review.requester.issuer, review.requester.subject,
      review.requester.identity, review.requester.owner, review.connection,
      review.connection_version, review.binding_hash, review.policy, review.policy_version,
      ArrayLiteral(review.terms.reviewers), review.terms.approvals,
      absl::ToInt64Milliseconds(review.terms.pending_ttl),
      absl::ToInt64Milliseconds(review.terms.hold),
      absl::ToInt64Milliseconds(review.terms.grant_ttl), review.terms.grant_uses,
      review.prompt_tokens, review.model, Micros(review.created_at),
      Micros(review.pending_expires_at));
}

void InsertVote(pqxx::work& transaction, const std::string& review_id, const reviews::Vote& vote) {
  transaction.exec_params0(
      "INSERT INTO review_vote (review, person, ballot, issuer, subject, identity, owner, reason,"
      " seen_hash, claimed_groups, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text[],"
      " to_timestamp(0) + $11 * interval '1 microsecond')",
      review_id, reviews::PersonKey(vote.voter),
      vote.ballot == reviews::Ballot::kApprove ? "APPROVE" : "DENY", vote.voter.issuer,
      vote.voter.subject, vote.voter.identity, vote.voter.owner, vote.reason, vote.seen_hash,
      ArrayLiteral(vote.claimed_groups), Micros(vote.at));
}

void UpdateReview(pqxx::work& transaction, const reviews::Review& review) {
  transaction.exec_params0(
      "UPDATE review SET state = $2, uses_left = $3, reason = $4,"
      " decided_at = to_timestamp(0) + $5 * interval '1 microsecond',"
      " grant_expires_at = to_timestamp(0) + $6 * interval '1 microsecond' WHERE id = $1",
      review.id, std::string(domain::ToString(review.state)), review.uses_left, review.reason,
      Micros(review.decided_at), Micros(review.grant_expires_at));
}

LogHead ReadHead(pqxx::work& transaction) {
  const pqxx::row row =
      transaction.exec1("SELECT sequence, encode(hash, 'hex') FROM review_log_head");
  return LogHead{row[0].as<std::uint64_t>(), HexDecode(row[1].as<std::string>()).value()};
}

void Append(pqxx::work& transaction, std::vector<Transition> lines, absl::Time at,
            const SecretString& mac_key) {
  const pqxx::row row =
      transaction.exec1("SELECT sequence, encode(hash, 'hex') FROM review_log_head FOR UPDATE");
  LogHead head{row[0].as<std::uint64_t>(), HexDecode(row[1].as<std::string>()).value()};
  for (Transition& draft : lines) {
    draft.at = at;
    const Transition line = Chain(std::move(draft), head, mac_key);
    transaction.exec_params0(
        "INSERT INTO review_log (sequence, review, prev, next, actor, detail, at, hash, mac)"
        " VALUES ($1, $2, $3, $4, $5, $6, to_timestamp(0) + $7 * interval '1 microsecond', $8, $9)",
        line.sequence, line.review_id, std::string(domain::ToString(line.from)),
        std::string(domain::ToString(line.to)), line.actor, line.detail, Micros(line.at),
        Bytes(line.hash), Bytes(line.mac));
  }
  transaction.exec_params0("UPDATE review_log_head SET sequence = $1, hash = $2", head.sequence,
                           Bytes(head.hash));
}

LogExtract ReadExtract(pqxx::work& transaction, const std::string& review_id) {
  LogExtract extract;
  const pqxx::row first = transaction.exec_params1(
      "SELECT coalesce(min(sequence), 0), coalesce((SELECT encode(hash, 'hex') FROM review_log"
      "  WHERE sequence = (SELECT min(sequence) - 1 FROM review_log WHERE review = $1)), '')"
      " FROM review_log WHERE review = $1",
      review_id);
  const auto sequence = first[0].as<std::uint64_t>();
  if (sequence == 0) return extract;
  extract.before.sequence = sequence - 1;
  if (sequence > 1) extract.before.hash = HexDecode(first[1].as<std::string>()).value();
  extract.lines = ReadLog(transaction, sequence - 1, std::numeric_limits<std::int64_t>::max());
  return extract;
}

std::vector<Transition> ReadLog(pqxx::work& transaction, std::uint64_t after, std::size_t limit) {
  std::vector<Transition> lines;
  const pqxx::result found = transaction.exec_params(
      "SELECT sequence, review::text, prev, next, actor, detail,"
      " (extract(epoch FROM at) * 1000000)::bigint, encode(hash, 'hex'),"
      " coalesce(encode(mac, 'hex'), '')"
      " FROM review_log WHERE sequence > $1 ORDER BY sequence LIMIT $2",
      after, limit);
  for (const auto& row : found) {
    Transition& line = lines.emplace_back();
    line.sequence = row[0].as<std::uint64_t>();
    line.review_id = row[1].as<std::string>();
    line.from = domain::ReviewStateFromString(row[2].as<std::string>());
    line.to = domain::ReviewStateFromString(row[3].as<std::string>());
    line.actor = row[4].as<std::string>();
    line.detail = row[5].as<std::string>();
    line.at = ToTime(row[6]);
    line.hash = HexDecode(row[7].as<std::string>()).value();
    line.mac = HexDecode(row[8].as<std::string>()).value();
  }
  return lines;
}

std::string ArrayLiteral(const std::vector<std::string>& values) {
  std::string literal = "{";
  for (const std::string& value : values) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

}  // namespace countersign::approval::store::rows
