#include "services/session_recorder/exports/checkpoint_part.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "services/session_recorder/exports/export_format.h"

namespace countersign::session_recorder::exports {
namespace {

constexpr std::size_t kCheckpointsAtOnce = 20, kLogLinesAtOnce = 100, kReviewsAtOnce = 1000;

}  // namespace

CheckpointPart::CheckpointPart(store::RecordStore& store, domain::ReviewLog* log,
                               chain::Checkpoint newest)
    : store_(store), log_(log), newest_(std::move(newest)) {}

absl::StatusOr<CheckpointPart> CheckpointPart::OfReviews(store::RecordStore& store,
                                                         domain::ReviewLog* log,
                                                         chain::Checkpoint newest,
                                                         const std::set<std::string>& reviews) {
  CheckpointPart part(store, log, std::move(newest));
  part.complete_ = false;
  std::vector<domain::ReviewLines> found;
  const std::vector<std::string> ids(reviews.begin(), reviews.end());
  for (std::size_t i = 0; log != nullptr && i < ids.size(); i += kReviewsAtOnce) {
    const auto end =
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(i + kReviewsAtOnce, ids.size()));
    CS_ASSIGN_OR_RETURN(const auto some,
                        log->Locate({ids.begin() + static_cast<std::ptrdiff_t>(i), end}));
    found.insert(found.end(), some.begin(), some.end());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const domain::ReviewLines& lines : found) {
    // What came after the export's checkpoint is another export's.
    if (lines.first > part.newest_.reviews->sequence) continue;
    CS_ASSIGN_OR_RETURN(auto covers, store.CheckpointOfReview(
                                         std::min(lines.last, part.newest_.reviews->sequence)));
    if (!covers || covers->number > part.newest_.number) covers = part.newest_;
    const bool overlaps = !part.planned_.empty() &&
                          lines.first <= part.planned_.back().checkpoint.reviews->sequence + 1;
    if (!overlaps) {
      part.planned_.push_back({*std::move(covers), lines.first - 1});
    } else if (covers->number > part.planned_.back().checkpoint.number) {
      part.planned_.back().checkpoint = *std::move(covers);
    }
  }
  if (part.planned_.empty() || part.planned_.back().checkpoint.number != part.newest_.number) {
    part.planned_.push_back({part.newest_, std::nullopt});
  }
  return part;
}

absl::Status CheckpointPart::LoadCheckpoints() {
  if (!complete_ || loaded_ >= newest_.number) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(auto checkpoints, store_.CheckpointsAfter(loaded_, kCheckpointsAtOnce));
  for (chain::Checkpoint& checkpoint : checkpoints) {
    if (checkpoint.number > newest_.number) break;
    loaded_ = checkpoint.number;
    planned_.push_back({std::move(checkpoint), std::nullopt});
  }
  if (checkpoints.empty()) loaded_ = newest_.number;  // the verifier reports what is missing
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> CheckpointPart::LogLines(std::uint64_t until) {
  CS_ASSIGN_OR_RETURN(
      const domain::ReviewLogPage page,
      log_->Read(log_at_, std::min<std::uint64_t>(kLogLinesAtOnce, until - log_at_)));
  std::vector<std::string> lines;
  if (!log_begun_) {
    if (page.after_hash.size() != 32) {
      return absl::UnavailableError("approval is of a version whose log cannot be exported");
    }
    lines.push_back(LogLine({log_at_, page.after_hash}));
    log_begun_ = true;
  }
  for (const domain::ReviewLogLine& line : page.lines) {
    if (line.sequence > until) break;
    lines.push_back(ReviewLine(line));
    log_at_ = line.sequence;
  }
  // A gap ends what is read for this checkpoint; the verifier reports it.
  if (page.lines.empty()) log_at_ = until;
  return lines;
}

absl::StatusOr<std::vector<std::string>> CheckpointPart::Next() {
  if (planned_.empty()) CS_RETURN_IF_ERROR(LoadCheckpoints());
  if (planned_.empty()) return std::vector<std::string>();
  Planned& next = planned_.front();
  if (next.log_after) {
    log_at_ = *std::exchange(next.log_after, std::nullopt);
    log_begun_ = false;
    return LogLines(next.checkpoint.reviews->sequence);
  }
  const bool reads_log = log_ != nullptr && next.checkpoint.reviews && (complete_ || log_begun_);
  if (reads_log && log_at_ < next.checkpoint.reviews->sequence) {
    return LogLines(next.checkpoint.reviews->sequence);
  }
  std::vector<std::string> lines = {CheckpointLine(next.checkpoint)};
  planned_.pop_front();
  if (!complete_) log_begun_ = false;
  return lines;
}

}  // namespace countersign::session_recorder::exports
