#include "services/approval/store/proof.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "services/approval/reviews/review_rules.h"
#include "services/approval/store/transition_details.h"

namespace countersign::approval::store {
namespace {

using domain::ReviewState;

absl::Status NotProven(const std::string& id, absl::string_view what) {
  return WithReason(
      absl::DataLossError(absl::StrCat("the log does not prove review ", id, ": ", what)),
      "review_unproven");
}

// True if every line was written by this service and follows the previous one.
absl::Status CheckLines(const std::string& id, const LogExtract& extract,
                        const SecretString& mac_key) {
  LogHead head = extract.before;
  for (const Transition& line : extract.lines) {
    if (line.sequence != head.sequence + 1) return NotProven(id, "a line is missing");
    if (line.hash != HashTransition(head.hash, line)) return NotProven(id, "a line was changed");
    if (line.mac != MacTransition(mac_key, line)) {
      return NotProven(id, absl::StrCat("line ", line.sequence, " is not this service's"));
    }
    head = {line.sequence, line.hash};
  }
  return absl::OkStatus();
}

std::string TextIn(const std::string& detail, absl::string_view member) {
  const auto document = json::Document::Parse(detail);
  return document.ok() ? std::string(document->root()[member].text()) : "";
}

// Replays one review from its lines and its frozen fields.
class Replay {
 public:
  explicit Replay(const reviews::Review& stored) : stored_(stored) {
    review_.requester = stored.requester;
    review_.binding_hash = stored.binding_hash;
    review_.terms = stored.terms;
    review_.id = stored.id;
    review_.state = ReviewState::kPending;
    review_.pending_expires_at = absl::InfiniteFuture();
    for (const reviews::Vote& vote : stored.votes) votes_.push_back(&vote);
  }

  // The error of the line; "" if it is valid.
  std::string Take(const Transition& line) {
    if (line.from != proven_.state || !reviews::IsLegal(line.from, line.to)) {
      return "it is not in the state that the log left it in";
    }
    std::string wrong;
    if (line.from == ReviewState::kUnspecified) {
      const std::string expected = OpenedDetail(stored_, TextIn(line.detail, "session"));
      if (line.detail != expected) wrong = "it is not what was opened";
    } else if (!TextIn(line.detail, "vote").empty()) {
      wrong = TakeVote(line);
    } else if (line.from == ReviewState::kApproved && !TextIn(line.detail, "session").empty()) {
      proven_.sessions.insert(TextIn(line.detail, "session"));
    } else if (line.to == ReviewState::kApproved) {
      wrong = "nobody's vote approved it";
    }
    proven_.state = line.to;
    return wrong;
  }

  std::string Conclude() const {
    if (!votes_.empty()) return "it has a vote that the log does not know";
    if (proven_.state == ReviewState::kUnspecified) return "the log does not know it";
    return "";
  }

  const ProvenReview& proven() const { return proven_; }

 private:
  std::string TakeVote(const Transition& line) {
    const auto vote = std::find_if(votes_.begin(), votes_.end(), [&](const reviews::Vote* stored) {
      return VoteDetail(*stored) == line.detail;
    });
    if (vote == votes_.end()) return "the log has a vote that it has not";
    const reviews::Vote& cast = **vote;
    votes_.erase(vote);
    if (!reviews::CheckVote(review_, cast, absl::InfinitePast()).ok()) {
      return "it has a vote that does not count";
    }
    review_.votes.push_back(cast);
    if (reviews::Tally(review_) != line.to) return "its votes do not give its state";
    if (line.to == ReviewState::kApproved) proven_.approved_at = line.at;
    return "";
  }

  const reviews::Review& stored_;
  reviews::Review review_;                   // after the lines so far
  std::vector<const reviews::Vote*> votes_;  // stored votes without a line so far
  ProvenReview proven_;
};

}  // namespace

absl::StatusOr<ProvenReview> ProveReview(const reviews::Review& review, const LogExtract& extract,
                                         const SecretString& mac_key) {
  CS_RETURN_IF_ERROR(CheckLines(review.id, extract, mac_key));
  Replay replay(review);
  for (const Transition& line : extract.lines) {
    if (line.review_id != review.id) continue;
    const std::string wrong = replay.Take(line);
    if (!wrong.empty()) return NotProven(review.id, wrong);
  }
  const std::string wrong = replay.Conclude();
  if (!wrong.empty()) return NotProven(review.id, wrong);
  return replay.proven();
}

absl::Status CheckProvenUse(const ProvenReview& proven, const reviews::Review& review,
                            absl::Time now) {
  if (proven.state != ReviewState::kApproved) return NotProven(review.id, "it was not approved");
  if (now >= proven.approved_at + review.terms.grant_ttl) {
    return NotProven(review.id, "its grant is over");
  }
  if (proven.sessions.size() >= static_cast<std::size_t>(review.terms.grant_uses)) {
    return NotProven(review.id, "its grant was used");
  }
  return absl::OkStatus();
}

std::optional<Transition> MakeVoidTransition(const LogExtract& extract,
                                             const std::string& review_id,
                                             const std::string& reason) {
  ReviewState last = ReviewState::kUnspecified;
  for (const Transition& line : extract.lines) {
    if (line.review_id == review_id) last = line.to;
  }
  for (const ReviewState to : {ReviewState::kRevoked, ReviewState::kCancelled}) {
    if (!reviews::IsLegal(last, to)) continue;
    Transition line;
    line.review_id = review_id;
    line.from = last;
    line.to = to;
    line.actor = kSystemActor;
    line.detail = ReasonDetail(reason);
    return line;
  }
  return std::nullopt;
}

}  // namespace countersign::approval::store
