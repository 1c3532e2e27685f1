#include "services/approval/store/review_log_service.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/rpc/handler.h"

namespace countersign::approval::store {
namespace {

constexpr std::uint32_t kMaxLines = 100;
constexpr int kMaxLocated = 1000;

}  // namespace

grpc::ServerUnaryReactor* ReviewLogService::ReadLog(grpc::CallbackServerContext* context,
                                                    const v1::ReadLogRequest* request,
                                                    v1::ReadLogResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    const std::uint32_t limit = std::clamp(request->limit(), std::uint32_t{1}, kMaxLines);
    CS_ASSIGN_OR_RETURN(domain::ReviewLogPage page, log_.Read(request->after(), limit));
    response->set_head_sequence(page.head.sequence);
    response->set_head_hash(page.head.hash);
    response->set_after_hash(page.after_hash);
    for (domain::ReviewLogLine& line : page.lines) {
      v1::ReviewLogLine& added = *response->add_lines();
      added.set_sequence(line.sequence);
      added.set_body(std::move(line.body));
    }
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ReviewLogService::LocateReviews(grpc::CallbackServerContext* context,
                                                          const v1::LocateReviewsRequest* request,
                                                          v1::LocateReviewsResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    if (request->review_ids_size() > kMaxLocated) {
      return absl::InvalidArgumentError("at most 1,000 reviews at once");
    }
    CS_ASSIGN_OR_RETURN(const auto found,
                        log_.Locate({request->review_ids().begin(), request->review_ids().end()}));
    for (const domain::ReviewLines& lines : found) {
      v1::ReviewLines& added = *response->add_items();
      added.set_review_id(lines.review_id);
      added.set_first(lines.first);
      added.set_last(lines.last);
    }
    return absl::OkStatus();
  });
}

}  // namespace countersign::approval::store
