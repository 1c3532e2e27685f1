#include "libs/domain/review_history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/json/document.h"

namespace countersign::domain {
namespace {

constexpr absl::string_view kLineFormat = "countersign approval log v1";

// Takes length-prefixed fields off the front of a line.
class Fields {
 public:
  explicit Fields(absl::string_view bytes) : rest_(bytes) {}

  std::string Next() {
    if (rest_.size() < 8) return Fail();
    const std::uint64_t size = BigEndian(rest_.substr(0, 8));
    rest_.remove_prefix(8);
    if (size > rest_.size()) return Fail();
    std::string field(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return field;
  }
  std::uint64_t NextNumber() {
    const std::string field = Next();
    if (field.size() != 8) Fail();
    return ok_ ? BigEndian(field) : 0;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  static std::uint64_t BigEndian(absl::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
  }
  std::string Fail() {
    ok_ = false;
    rest_ = absl::string_view();
    return "";
  }
  absl::string_view rest_;
  bool ok_ = true;
};

Person ReadPerson(const json::Value& value) {
  const auto text = [&](absl::string_view name) { return std::string(value[name].text()); };
  return {text("issuer"), text("subject"), text("identity"), text("owner")};
}

// Whether a text of a record, cut at a character before byte 512, is `full`.
bool IsSame(absl::string_view recorded, absl::string_view full) {
  constexpr std::size_t kCut = 512, kLongestCharacter = 4;
  if (recorded == full) return true;
  return recorded.size() > kCut - kLongestCharacter && absl::StartsWith(full, recorded);
}

}  // namespace

std::string EncodeReviewStep(const ReviewStep& step) {
  LengthPrefixed encoded;
  encoded.Add(kLineFormat).Add(step.sequence).Add(step.review_id);
  encoded.Add(ToString(step.from)).Add(ToString(step.to));
  encoded.Add(step.actor).Add(step.detail);
  return encoded.Add(static_cast<std::uint64_t>(absl::ToUnixMicros(step.at))).bytes();
}

absl::StatusOr<ReviewStep> DecodeReviewStep(absl::string_view body) {
  Fields fields(body);
  const bool known = fields.Next() == kLineFormat;
  ReviewStep step;
  step.sequence = fields.NextNumber();
  step.review_id = fields.Next();
  step.from = ReviewStateFromString(fields.Next());
  step.to = ReviewStateFromString(fields.Next());
  step.actor = fields.Next();
  step.detail = fields.Next();
  step.at = absl::FromUnixMicros(static_cast<std::int64_t>(fields.NextNumber()));
  if (!known || !fields.ok() || !fields.at_end()) {
    return absl::InvalidArgumentError("not a line of approval's log");
  }
  return step;
}

absl::Status ReviewHistory::Add(const ReviewLogLine& line) {
  CS_ASSIGN_OR_RETURN(const ReviewStep step, DecodeReviewStep(line.body));
  if (step.sequence != line.sequence) {
    return absl::InvalidArgumentError("a line of approval's log has another number in it");
  }
  if (of_interest_.count(step.review_id) == 0) return absl::OkStatus();
  Review& review = reviews_[step.review_id];
  if (step.from != review.state && review.problem.empty()) {
    review.problem = absl::StrCat("line ", step.sequence, " does not follow the review's state");
  }
  const auto detail = json::Document::Parse(step.detail);
  if (!detail.ok()) return absl::InvalidArgumentError("a line of approval's log has no detail");
  const json::Value root = detail->root();
  if (step.from == ReviewState::kUnspecified) {
    Open(root, review);
  } else if (!root["vote"].text().empty()) {
    Vote(step, root, review);
  } else if (step.from == ReviewState::kApproved && !root["session"].text().empty()) {
    Use(step, std::string(root["session"].text()), review);
  } else if (step.to == ReviewState::kApproved && review.problem.empty()) {
    review.problem = absl::StrCat("line ", step.sequence, " approves it without a vote");
  }
  review.state = step.to;
  return absl::OkStatus();
}

void ReviewHistory::Open(const json::Value& terms, Review& review) {
  const auto number = [&](absl::string_view name) { return terms[name].integer().value_or(0); };
  review.opened = true;
  review.binding_hash = std::string(terms["bindingHash"].text());
  review.connection = std::string(terms["connection"].text());
  review.requester = ReadPerson(terms["requester"]);
  review.approvals = static_cast<std::size_t>(std::max<std::int64_t>(number("approvals"), 0));
  review.uses = static_cast<std::size_t>(std::max<std::int64_t>(number("grantUses"), 0));
  review.grant_ttl = absl::Milliseconds(number("grantTtlMs"));
  review.complete = review.approvals > 0 && review.uses > 0 && number("grantTtlMs") > 0;
}

void ReviewHistory::Vote(const ReviewStep& step, const json::Value& vote, Review& review) {
  if (vote["vote"].text() != "APPROVE") {
    review.denied = true;
    return;
  }
  const Person voter = ReadPerson(vote);
  // A vote that does not count is in the log of a gateway that was changed only.
  const bool counts = MayVote(voter, review.requester) &&
                      vote["seenHash"].text() == review.binding_hash &&
                      review.people.insert(PersonKey(voter)).second;
  if (counts) review.approvers.push_back(step.actor);
  if (step.to == ReviewState::kApproved) review.approved_at = step.at;
}

void ReviewHistory::Use(const ReviewStep& step, const std::string& session, Review& review) {
  std::string problem;
  if (review.denied) {
    problem = "it was denied before it was used";
  } else if (review.people.size() < review.approvals) {
    problem = absl::StrCat("it was used with ", review.people.size(), " of ", review.approvals,
                           " approvals");
  } else if (review.problem_of_use.size() >= review.uses) {
    problem = "its approval was used more often than it allows";
  } else if (step.at >= review.approved_at + review.grant_ttl) {
    problem = "its approval was used after it had expired";
  }
  review.problem_of_use.emplace(session, std::move(problem));
}

ReviewHistory::Result ReviewHistory::Check(const RecordedUse& use) const {
  const auto found = reviews_.find(use.review_id);
  if (found == reviews_.end() || !found->second.opened) {
    return {Proof::kMissing, absl::StrCat("approval's log does not hold review ", use.review_id)};
  }
  const Review& review = found->second;
  if (!review.complete) {
    return {Proof::kEarlier, absl::StrCat("an earlier program opened review ", use.review_id)};
  }
  std::string problem = review.problem;
  const auto used = review.problem_of_use.find(use.session_id);
  std::vector<std::string> recorded = use.approvers, approved = review.approvers;
  std::sort(recorded.begin(), recorded.end());
  std::sort(approved.begin(), approved.end());
  if (!problem.empty()) {
  } else if (review.binding_hash != use.binding_hash) {
    problem = "it was for other bytes than were forwarded";
  } else if (!IsSame(use.connection, review.connection)) {
    problem = "it was for another connection";
  } else if (!IsSame(use.issuer, review.requester.issuer) ||
             !IsSame(use.subject, review.requester.subject)) {
    problem = "it was another caller's";
  } else if (used == review.problem_of_use.end()) {
    problem = "this session did not use it";
  } else if (!used->second.empty()) {
    problem = used->second;
  } else if (recorded != approved) {
    problem = "other people approved it than the record names";
  }
  if (problem.empty()) return {Proof::kProven, ""};
  return {Proof::kContradicted,
          absl::StrCat("approval's log contradicts review ", use.review_id, ": ", problem)};
}

}  // namespace countersign::domain
