#pragma once

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/review_log.h"

namespace countersign::approval::store {

// The log, for the recorder (libs/rpc/peer_rules). Thread-safe; the arguments must outlive it.
class ReviewLogService final : public v1::ReviewLogService::CallbackService {
 public:
  ReviewLogService(domain::ReviewLog& log, ThreadPool& pool) : log_(log), pool_(pool) {}

  grpc::ServerUnaryReactor* ReadLog(grpc::CallbackServerContext* context,
                                    const v1::ReadLogRequest* request,
                                    v1::ReadLogResponse* response) override;
  grpc::ServerUnaryReactor* LocateReviews(grpc::CallbackServerContext* context,
                                          const v1::LocateReviewsRequest* request,
                                          v1::LocateReviewsResponse* response) override;

 private:
  domain::ReviewLog& log_;
  ThreadPool& pool_;
};

}  // namespace countersign::approval::store
