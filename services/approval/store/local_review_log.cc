#include "services/approval/store/local_review_log.h"

#include "libs/base/status.h"

namespace countersign::approval::store {
namespace {

constexpr std::size_t kPageBytes = 1u << 20;

}  // namespace

absl::StatusOr<domain::ReviewLogPage> LocalReviewLog::Read(std::uint64_t after, std::size_t limit) {
  domain::ReviewLogPage page;
  CS_ASSIGN_OR_RETURN(page.head, store_.Head());
  CS_ASSIGN_OR_RETURN(page.after_hash, store_.LogHash(after));
  CS_ASSIGN_OR_RETURN(const std::vector<Transition> lines, store_.Log(after, limit));
  std::size_t bytes = 0;
  for (const Transition& line : lines) {
    if (bytes > kPageBytes) break;
    page.lines.push_back({line.sequence, EncodeTransition(line)});
    bytes += page.lines.back().body.size();
  }
  return page;
}

absl::StatusOr<std::vector<domain::ReviewLines>> LocalReviewLog::Locate(
    const std::vector<std::string>& review_ids) {
  return store_.Locate(review_ids);
}

}  // namespace countersign::approval::store
