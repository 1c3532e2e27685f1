#pragma once

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/base/thread_pool.h"
#include "libs/rpc/caller.h"
#include "services/approval/reviewers/reviewer_api.h"

namespace countersign::approval::reviewers {

// ReviewService over gRPC: calls a ReviewerApi for the verified caller.
class ReviewService final : public v1::ReviewService::CallbackService {
 public:
  // All arguments must outlive the service.
  ReviewService(ReviewerApi& reviewer_api, rpc::CallerVerifier& callers, ThreadPool& pool)
      : reviewer_api_(reviewer_api), callers_(callers), pool_(pool) {}

  grpc::ServerUnaryReactor* ListReviews(grpc::CallbackServerContext* context,
                                        const v1::ListReviewsRequest* request,
                                        v1::ListReviewsResponse* response) override;
  grpc::ServerUnaryReactor* GetReview(grpc::CallbackServerContext* context,
                                      const v1::GetReviewRequest* request,
                                      v1::Review* response) override;
  grpc::ServerUnaryReactor* GetReviewMedia(grpc::CallbackServerContext* context,
                                           const v1::GetReviewMediaRequest* request,
                                           v1::ReviewMedia* response) override;
  grpc::ServerUnaryReactor* ListTransitions(grpc::CallbackServerContext* context,
                                            const v1::ListTransitionsRequest* request,
                                            v1::ListTransitionsResponse* response) override;
  grpc::ServerUnaryReactor* ApproveReview(grpc::CallbackServerContext* context,
                                          const v1::ApproveReviewRequest* request,
                                          v1::Review* response) override;
  grpc::ServerUnaryReactor* DenyReview(grpc::CallbackServerContext* context,
                                       const v1::DenyReviewRequest* request,
                                       v1::Review* response) override;
  grpc::ServerUnaryReactor* RevokeReview(grpc::CallbackServerContext* context,
                                         const v1::RevokeReviewRequest* request,
                                         v1::Review* response) override;

 private:
  absl::Status Answer(const absl::StatusOr<ReviewWithContent>& open, v1::Review& response) const;

  ReviewerApi& reviewer_api_;
  rpc::CallerVerifier& callers_;
  ThreadPool& pool_;
};

}  // namespace countersign::approval::reviewers
