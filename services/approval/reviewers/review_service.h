#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/base/thread_pool.h"
#include "libs/rpc/caller.h"
#include "libs/rpc/page_stream.h"
#include "services/approval/reviewers/reviewer_api.h"

namespace countersign::approval::reviewers {

// ReviewService over gRPC: calls a ReviewerApi for the verified caller.
class ReviewService final : public v1::ReviewService::CallbackService {
 public:
  // All arguments must outlive the service. A watch reads every `watch_interval`.
  ReviewService(ReviewerApi& reviewer_api, rpc::CallerVerifier& callers, ThreadPool& pool,
                absl::Duration watch_interval = absl::Seconds(1))
      : reviewer_api_(reviewer_api),
        callers_(callers),
        pool_(pool),
        watch_interval_(watch_interval) {}

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
  grpc::ServerWriteReactor<v1::WatchReviewsResponse>* WatchReviews(
      grpc::CallbackServerContext* context, const v1::WatchReviewsRequest* request) override;
  grpc::ServerUnaryReactor* ApproveReview(grpc::CallbackServerContext* context,
                                          const v1::ApproveReviewRequest* request,
                                          v1::Review* response) override;
  grpc::ServerUnaryReactor* DenyReview(grpc::CallbackServerContext* context,
                                       const v1::DenyReviewRequest* request,
                                       v1::Review* response) override;
  grpc::ServerUnaryReactor* RevokeReview(grpc::CallbackServerContext* context,
                                         const v1::RevokeReviewRequest* request,
                                         v1::Review* response) override;

  // Ends all watches, because the process stops.
  void EndStreams() { watches_.Close(); }

 private:
  // The next page of a watch, behind `after`, which is moved; nullopt: from now on. The first page
  // has a response even if nothing happened.
  absl::StatusOr<rpc::StreamPage<v1::WatchReviewsResponse>> ReadWatch(
      const domain::Principal& caller, std::optional<std::uint64_t>& after, bool first) const;
  absl::Status Answer(const absl::StatusOr<ReviewWithContent>& open, v1::Review& response) const;

  ReviewerApi& reviewer_api_;
  rpc::CallerVerifier& callers_;
  ThreadPool& pool_;
  const absl::Duration watch_interval_;
  rpc::StreamSlots watches_{1000, 50};
};

}  // namespace countersign::approval::reviewers
