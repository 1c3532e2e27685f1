#include "services/session_recorder/exports/verifier.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/signing_key.h"
#include "libs/domain/review_history.h"
#include "services/session_recorder/chain/record_tree.h"
#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/exports/line_reader.h"
#include "services/session_recorder/exports/session_check.h"

namespace countersign::session_recorder::exports {
namespace {

constexpr std::size_t kMaxProblems = 100;

// A head that checkpoints covered, without the pointers of strings: there is one per session.
class CoveredHead {
 public:
  // REQUIRES: a session id, and a hash of 32 bytes.
  explicit CoveredHead(const chain::SessionHead& head)
      : index_(head.head.index), ended_(head.ended) {
    std::copy_n(head.session_id.begin(), id_.size(), id_.begin());
    std::copy_n(head.head.hash.begin(), hash_.size(), hash_.begin());
  }
  chain::SessionHead Get(std::uint64_t position) const {
    return {position,
            std::string(id_.begin(), id_.end()),
            {index_, std::string(hash_.begin(), hash_.end())},
            ended_};
  }

 private:
  std::array<char, 36> id_;
  std::array<char, 32> hash_;
  std::uint32_t index_;
  bool ended_;
};

class Verification {
 public:
  Verification(const std::optional<std::string>& pinned, const std::optional<KeptCheckpoint>& since,
               const VerifyLimits& limits)
      : pinned_(pinned), since_(since), limits_(limits) {
    report_.pinned = pinned.has_value();
  }

  VerifyReport Run(std::istream& input) {
    LineReader reader(input, limits_.max_line_bytes);
    std::string line;
    for (bool more = true; more;) {
      const LineReader::Result result = reader.Next(line);
      ++line_;
      switch (result) {
        case LineReader::Result::kLine: Line(line); break;
        case LineReader::Result::kUnterminated:
          Problem("the line has no newline: the file was cut");
          Line(line);
          break;
        case LineReader::Result::kTooLong:
          Problem("the line is longer than a line of an export can be");
          more = false;
          break;
        case LineReader::Result::kEnd: more = false; break;
      }
      if (line_ > limits_.max_lines) {
        Problem("there are more lines than are allowed");
        more = false;
      }
    }
    return Conclude();
  }

 private:
  // The parts of the file, in their order.
  enum class Part { kStart, kSessions, kCheckpoints, kAfterEnd };

  void Problem(absl::string_view what) {
    intact_ = false;
    if (report_.problems.size() < kMaxProblems) {
      report_.problems.push_back(absl::StrCat("line ", line_, ": ", what));
    }
  }

  // Reports an unreadable line as a problem of the current session, or of the file.
  void Unreadable(const std::string& what) {
    if (part_ == Part::kSessions && current_ != nullptr) current_->Fail(what, line_);
    Problem(what);
  }

  void Line(const std::string& line) {
    if (part_ == Part::kAfterEnd) return Problem("something follows the signed last line");
    const std::string type = LineType(line);
    if (type == "end") return End(line);
    digest_.Add(line);
    digest_.Add("\n");
    ++lines_;
    if (type == "header") {
      Header(line);
    } else if (type == "session") {
      Session(line);
    } else if (type == "event") {
      Event(line);
    } else if (type == "log") {
      LogBegins(line);
    } else if (type == "review") {
      Review(line);
    } else if (type == "checkpoint") {
      OneCheckpoint(line);
    } else {
      Unreadable("not a line of an export");
    }
  }

  // Canonical form: a file with the same meaning and other bytes is refused.
  bool IsCanonical(const std::string& line, const std::string& canonical) {
    if (line == canonical) return true;
    Unreadable("the line is not in its canonical form");
    return false;
  }

  void Header(const std::string& line) {
    if (part_ != Part::kStart) return Problem("a second header");
    part_ = Part::kSessions;
    const auto header = ParseHeader(line);
    if (!header.ok()) return Problem(header.status().message());
    IsCanonical(line, HeaderLine(*header));
    header_ = *header;
    has_header_ = true;
    report_.complete = header_.complete;
    report_.exported_at = ExportTime(header_.exported_at);
    if (pinned_ && *pinned_ != header_.public_key) {
      Problem("the file names another public key than the one given");
    }
  }

  const std::string& Key() const { return pinned_ ? *pinned_ : header_.public_key; }

  void Session(const std::string& line) {
    if (part_ != Part::kSessions) return Problem("a session out of place");
    CloseSession();
    auto session = ParseSession(line);
    if (!session.ok()) return Problem(session.status().message());
    const std::string id = session->row.id;
    std::string canonical_line = SessionLine(*session);
    const bool canonical = line == canonical_line;
    sessions_.emplace_back(*std::move(session), std::move(canonical_line), line_);
    current_ = &sessions_.back();
    if (!by_id_.emplace(id, current_).second) current_->Fail("it is in the file twice", line_);
    if (!canonical) Unreadable("the line is not in its canonical form");
  }

  void CloseSession() {
    if (current_ != nullptr) current_->Close(line_);
    current_ = nullptr;
  }

  void Event(const std::string& line) {
    if (part_ != Part::kSessions) return Problem("an event out of place");
    const std::optional<ExportedEvent> event = ScanCanonicalEvent(line);
    if (!event) return UnreadableEvent(line);
    if (current_ == nullptr || event->session_id != current_->id()) {
      return Unreadable(
          absl::StrCat("an event of session ", event->session_id, " is out of place"));
    }
    current_->Event(*event, line_);
  }

  // Says what is wrong with an event's line that is not in its canonical form.
  void UnreadableEvent(const std::string& line) {
    const auto event = ParseEvent(line);
    Unreadable(event.ok() ? "the line is not in its canonical form"
                          : std::string(event.status().message()));
  }

  bool Trusted(const std::string& key) const {
    const auto& keys = header_.trusted_keys;
    return key == Key() || std::find(keys.begin(), keys.end(), key) != keys.end();
  }

  // True for lines behind the sessions.
  bool IsBehindSessions() {
    if (part_ != Part::kSessions && part_ != Part::kCheckpoints) return false;
    CloseSession();
    part_ = Part::kCheckpoints;
    return true;
  }

  void LogBegins(const std::string& line) {
    if (!IsBehindSessions() || !header_.has_log || log_is_open_ || plain_checkpoint_ ||
        (header_.complete && history_)) {
      return Problem("approval's log begins out of place");
    }
    const auto start = ParseLog(line);
    if (!start.ok()) return Problem(start.status().message());
    IsCanonical(line, LogLine(*start));
    if (header_.complete && *start != domain::ReviewLogHead()) {
      Problem("approval's log does not begin with its first line");
    }
    log_ = *start;
    log_is_open_ = true;
    if (!history_) history_.emplace(ReviewsInUse());
  }

  std::set<std::string> ReviewsInUse() const {
    std::set<std::string> ids;
    for (const SessionCheck& session : sessions_) {
      if (session.used_approval()) ids.insert(session.use().review_id);
    }
    return ids;
  }

  void Review(const std::string& line) {
    if (!IsBehindSessions() || !history_ || !(log_is_open_ || header_.complete)) {
      return Problem("a line of approval's log out of place");
    }
    log_is_open_ = true;
    const auto read = ParseReview(line);
    if (!read.ok()) return Problem(read.status().message());
    if (!IsCanonical(line, ReviewLine(*read))) return;
    if (const absl::Status follows = domain::FollowReviewLog({*read}, log_); !follows.ok()) {
      return Problem(follows.message());
    }
    if (const absl::Status known = history_->Add(*read); !known.ok()) Problem(known.message());
  }

  // The log up to here must be the one that `checkpoint` signed.
  void CheckLog(const chain::Checkpoint& checkpoint) {
    const bool closes = header_.complete ? header_.has_log && checkpoint.reviews : log_is_open_;
    if (!header_.complete) {
      if (plain_checkpoint_) Problem("an export of named sessions has one checkpoint at its end");
      plain_checkpoint_ = !log_is_open_;
    }
    if (closes && (!checkpoint.reviews || *checkpoint.reviews != log_)) {
      Problem(absl::StrCat("approval's log is not what checkpoint ", checkpoint.number, " signed"));
    }
    if (closes) log_is_open_ = false;
  }

  // Compares every session that used an approval with the log.
  void CheckVotes() {
    if (!header_.has_log) return;
    for (SessionCheck& session : sessions_) {
      if (!session.used_approval()) continue;
      const auto result = history_ ? history_->Check(session.use())
                                   : domain::ReviewHistory({}).Check(session.use());
      if (result.proof == domain::ReviewHistory::Proof::kProven) {
        session.SetVotesProven();
      } else if (result.proof != domain::ReviewHistory::Proof::kEarlier) {
        session.Fail(result.problem, line_);
      }
    }
  }

  void OneCheckpoint(const std::string& line) {
    if (!IsBehindSessions()) return Problem("a checkpoint out of place");
    const auto checkpoint = ParseCheckpoint(line);
    if (!checkpoint.ok()) return Problem(checkpoint.status().message());
    if (!IsCanonical(line, CheckpointLine(*checkpoint))) return;
    if (!chain::SignatureIsValid(*checkpoint))
      return Problem("the checkpoint's signature is not valid");
    if (!Trusted(checkpoint->public_key)) {
      return Problem("the checkpoint is signed by a key that is not trusted");
    }
    ++report_.checkpoints;
    CheckLog(*checkpoint);
    if (header_.complete) {
      Follow(*checkpoint);
    } else if (report_.checkpoints > 1 && checkpoint->number <= last_.number) {
      Problem("the checkpoints are not in their order");
    }
    CheckKept(*checkpoint);
    last_ = *checkpoint;
    last_.heads.clear();
  }

  void CheckKept(const chain::Checkpoint& checkpoint) {
    if (!since_ || checkpoint.number != since_->number) return;
    if (chain::CheckpointHash(checkpoint) == since_->hash) {
      report_.has_since = true;
    } else {
      Problem(absl::StrCat("checkpoint ", checkpoint.number,
                           " is not the one that was kept: the record was made anew"));
    }
  }

  // The result for the kept checkpoint if it was not found.
  void CheckSince() {
    if (!since_ || report_.has_since) return;
    if (last_.number < since_->number) {
      Problem(absl::StrCat("the record ends at checkpoint ", last_.number, ", before checkpoint ",
                           since_->number, " that was kept: it was set back"));
    } else if (!header_.complete) {
      Problem(absl::StrCat("an export of named sessions does not show whether checkpoint ",
                           last_.number, " goes on from checkpoint ", since_->number,
                           ": verify an export of everything"));
    } else {
      Problem(absl::StrCat("checkpoint ", since_->number, " that was kept is not in the record"));
    }
  }

  // Approval's log only grows, and later checkpoints must have it, too.
  void FollowReviews(const chain::Checkpoint& checkpoint) {
    if (!last_.reviews) return;
    const auto& now = checkpoint.reviews;
    const bool follows = now && (now->sequence > last_.reviews->sequence || *now == *last_.reviews);
    if (!follows) Problem("approval's log does not go on from the checkpoint before");
  }

  // Replays the checkpointer's work from the first checkpoint on.
  void Follow(const chain::Checkpoint& checkpoint) {
    const std::string previous =
        last_.number == 0 ? std::string(32, '\0') : chain::CheckpointHash(last_);
    if (checkpoint.number != last_.number + 1 || checkpoint.previous != previous) {
      return Problem(absl::StrCat("checkpoint ", checkpoint.number, " does not follow checkpoint ",
                                  last_.number));
    }
    if (checkpoint.at < last_.at) Problem("the checkpoint is older than the one before it");
    for (const chain::SessionHead& head : checkpoint.heads) {
      if (!Advance(head)) {
        return Problem(absl::StrCat("checkpoint ", checkpoint.number, " is wrong about session ",
                                    head.session_id));
      }
      const auto found = by_id_.find(head.session_id);
      if (found != by_id_.end()) found->second->Signed(head, checkpoint.number, line_);
    }
    FollowReviews(checkpoint);
    if (tree_.size() != checkpoint.size ||
        chain::RootWith(tree_.Root(), checkpoint.reviews) != checkpoint.root) {
      Problem(absl::StrCat("checkpoint ", checkpoint.number,
                           " signed another state of the record than these lines give"));
    }
  }

  bool Advance(const chain::SessionHead& head) {
    if (head.position > tree_.size() || !IsSessionId(head.session_id)) return false;
    if (head.position < tree_.size()) {
      const chain::SessionHead before = covered_[head.position].Get(head.position);
      if (before.session_id != head.session_id || before.ended ||
          before.head.index >= head.head.index) {
        return false;
      }
      covered_[head.position] = CoveredHead(head);
    } else {
      covered_.emplace_back(head);
    }
    tree_.Set(head.position, chain::HeadLeaf(head), head.ended);
    return true;
  }

  void End(const std::string& line) {
    if (part_ != Part::kCheckpoints) Problem("the last line is out of place");
    if (log_is_open_) Problem("no checkpoint covers the last lines of approval's log");
    CloseSession();
    part_ = Part::kAfterEnd;
    const auto end = ParseEnd(line);
    if (!end.ok()) return Problem(end.status().message());
    IsCanonical(line, EndLine(*end));
    if (end->lines != lines_) {
      Problem(absl::StrCat("the file was signed with ", end->lines, " lines before this one, here ",
                           "are ", lines_));
    }
    if (end->sha256 != digest_.Digest()) Problem("the bytes before this line were changed");
    if (!crypto::VerifyEd25519(Key(), EndBytes(*end), end->signature)) {
      Problem("the file's signature is not valid");
    }
  }

  // Compares every session with the newest checkpoint, and for a complete export every covered
  // session with the file.
  void CheckCoverage() {
    for (SessionCheck& session : sessions_) {
      const chain::SessionHead head = session.head();
      if (!header_.complete) {
        const std::string root =
            chain::RootOfProof(head.position, last_.size, chain::HeadLeaf(head), session.path());
        if (root.empty() || chain::RootWith(root, last_.reviews) != last_.root)
          session.Fail("it is not what the checkpoint signed", line_);
      } else if (head.position >= covered_.size() || chain::HeadLeaf(covered_[head.position].Get(
                                                         head.position)) != chain::HeadLeaf(head)) {
        session.Fail("it is not what the newest checkpoint signed", line_);
      }
    }
    if (!header_.complete) return;
    for (std::size_t position = 0; position < covered_.size(); ++position) {
      const chain::SessionHead head = covered_[position].Get(position);
      if (by_id_.count(head.session_id) != 0) continue;
      if (head.ended) {
        Problem(absl::StrCat("session ", head.session_id, " is missing"));
      } else {
        ++report_.running;
      }
    }
  }

  VerifyReport Conclude() {
    CloseSession();
    if (!has_header_) Problem("the file has no readable header");
    if (part_ != Part::kAfterEnd) Problem("the signed last line is missing: the file was cut");
    if (report_.checkpoints == 0) {
      Problem("there is no valid checkpoint");
    } else {
      CheckCoverage();
      CheckVotes();
      report_.newest = Keep(last_);
    }
    CheckSince();
    report_.public_key = Base64UrlEncode(Key());
    for (const SessionCheck& session : sessions_) {
      report_.sessions.push_back(session.Verdict());
      intact_ = intact_ && report_.sessions.back().intact;
    }
    report_.intact = intact_;
    return std::move(report_);
  }

  const std::optional<std::string> pinned_;
  const std::optional<KeptCheckpoint> since_;
  const VerifyLimits limits_;
  VerifyReport report_;
  bool intact_ = true;
  Part part_ = Part::kStart;
  std::uint64_t line_ = 0;   // the current line
  std::uint64_t lines_ = 0;  // covered by the digest
  crypto::Sha256Stream digest_;
  ExportHeader header_;
  bool has_header_ = false;
  std::deque<SessionCheck> sessions_;
  std::map<std::string, SessionCheck*> by_id_;
  SessionCheck* current_ = nullptr;
  chain::RecordTree tree_;
  std::vector<CoveredHead> covered_;              // by position
  chain::Checkpoint last_;                        // number 0 before the first
  std::optional<domain::ReviewHistory> history_;  // once the log has begun
  domain::ReviewLogHead log_;                     // after the lines so far
  bool log_is_open_ = false;                      // there are lines that no checkpoint covers yet
  bool plain_checkpoint_ = false;  // the one at the end of an export of named sessions was read
};

}  // namespace

VerifyReport Verify(std::istream& input, const std::optional<std::string>& public_key,
                    const std::optional<KeptCheckpoint>& since, const VerifyLimits& limits) {
  return Verification(public_key, since, limits).Run(input);
}

}  // namespace countersign::session_recorder::exports
