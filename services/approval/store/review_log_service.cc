#include "services/approval/store/review_log_service.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/rpc/handler.h"

namespace countersign::approval::store {
namespace {

constexpr std::uint32_t kMaxLines = 100;

}  // namespace

grpc::ServerUnaryReactor* ReviewLogService::ReadLog(grpc::CallbackServerContext* context,
                                                    const v1::ReadLogRequest* request,
                                                    v1::ReadLogResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    const std::uint32_t limit = std::clamp(request->limit(), std::uint32_t{1}, kMaxLines);
    CS_ASSIGN_OR_RETURN(domain::ReviewLogPage page, log_.Read(request->after(), limit));
    response->set_head_sequence(page.head.sequence);
    response->set_head_hash(page.head.hash);
    for (domain::ReviewLogLine& line : page.lines) {
      v1::ReviewLogLine& added = *response->add_lines();
      added.set_sequence(line.sequence);
      added.set_body(std::move(line.body));
    }
    return absl::OkStatus();
  });
}

}  // namespace countersign::approval::store
