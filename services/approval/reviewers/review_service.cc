#include "services/approval/reviewers/review_service.h"

#include <cstdint>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/rpc/handler.h"
#include "libs/wire/prompt_wire.h"
#include "services/approval/approval_wire.h"
#include "services/approval/reviewers/review_media.h"

namespace countersign::approval::reviewers {
namespace {

// A page token of ListTransitions is a sequence number of the log: it tells nothing that the reader
// may not know, and opens nothing.
absl::StatusOr<std::optional<std::uint64_t>> SequenceFromToken(const std::string& token) {
  if (token.empty()) return std::optional<std::uint64_t>();
  std::uint64_t sequence = 0;
  if (absl::SimpleAtoi(token, &sequence) && sequence <= INT64_MAX) return sequence;
  return InvalidField("page_token", "is not one of this listing");
}

// What a watch knows between two pages.
struct WatchState {
  std::shared_ptr<const domain::Principal> caller;  // null before the first page
  rpc::StreamSlots::CallerSlot slot;
  std::optional<std::uint64_t> after;
};

}  // namespace

absl::Status ReviewService::Answer(const absl::StatusOr<ReviewWithContent>& open,
                                   v1::Review& response) const {
  if (open.ok()) response = ToProto(*open, reviewer_api_.Waiting(open->review.id));
  return open.status();
}

grpc::ServerUnaryReactor* ReviewService::ListReviews(grpc::CallbackServerContext* context,
                                                     const v1::ListReviewsRequest* request,
                                                     v1::ListReviewsResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    CS_ASSIGN_OR_RETURN(const domain::ReviewState state, StateFromProto(request->state()));
    CS_ASSIGN_OR_RETURN(const ReviewPage page,
                        reviewer_api_.List(*caller, state, request->all(), request->page_size(),
                                           request->page_token()));
    for (const reviews::Review& review : page.reviews) {
      *response->add_items() = ToProto(review, reviewer_api_.Waiting(review.id));
    }
    response->set_next_page_token(page.next_page_token);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ReviewService::GetReview(grpc::CallbackServerContext* context,
                                                   const v1::GetReviewRequest* request,
                                                   v1::Review* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    return Answer(reviewer_api_.Show(*caller, request->id()), *response);
  });
}

grpc::ServerUnaryReactor* ReviewService::GetReviewMedia(grpc::CallbackServerContext* context,
                                                        const v1::GetReviewMediaRequest* request,
                                                        v1::ReviewMedia* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    CS_ASSIGN_OR_RETURN(const ReviewWithContent open, reviewer_api_.Show(*caller, request->id()));
    CS_ASSIGN_OR_RETURN(std::string data, ReadReviewMedia(open.content, request->index()));
    *response->mutable_media() = wire::ToProto(open.content.prompt.media[request->index()]);
    response->set_data(std::move(data));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ReviewService::ListTransitions(grpc::CallbackServerContext* context,
                                                         const v1::ListTransitionsRequest* request,
                                                         v1::ListTransitionsResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    CS_ASSIGN_OR_RETURN(const auto after, SequenceFromToken(request->page_token()));
    CS_ASSIGN_OR_RETURN(const TransitionPage page, reviewer_api_.Transitions(*caller, after));
    for (const ReviewTransition& transition : page.transitions) {
      *response->add_items() = ToProto(transition, reviewer_api_.Waiting(transition.review.id));
    }
    response->set_next_page_token(absl::StrCat(page.last_sequence));
    response->set_more(page.more);
    return absl::OkStatus();
  });
}

absl::StatusOr<rpc::StreamPage<v1::WatchReviewsResponse>> ReviewService::ReadWatch(
    const domain::Principal& caller, std::optional<std::uint64_t>& after, bool first) const {
  CS_ASSIGN_OR_RETURN(const TransitionPage page, reviewer_api_.Transitions(caller, after));
  after = page.last_sequence;
  rpc::StreamPage<v1::WatchReviewsResponse> result;
  result.more = page.more;
  if (!first && page.transitions.empty()) return result;
  v1::WatchReviewsResponse& response = result.responses.emplace_back();
  for (const ReviewTransition& transition : page.transitions) {
    *response.add_items() = ToProto(transition, reviewer_api_.Waiting(transition.review.id));
  }
  response.set_resume_token(absl::StrCat(page.last_sequence));
  return result;
}

grpc::ServerWriteReactor<v1::WatchReviewsResponse>* ReviewService::WatchReviews(
    grpc::CallbackServerContext* context, const v1::WatchReviewsRequest* request) {
  using Page = absl::StatusOr<rpc::StreamPage<v1::WatchReviewsResponse>>;
  return rpc::StreamPages<v1::WatchReviewsResponse>(
      {pool_, watches_, watch_interval_}, context,
      [=, this, state = WatchState()]() mutable -> Page {
        const bool first = state.caller == nullptr;
        if (first) {
          CS_ASSIGN_OR_RETURN(state.after, SequenceFromToken(request->resume_token()));
          CS_ASSIGN_OR_RETURN(state.caller, rpc::VerifyCaller(*context, callers_));
          const domain::Principal& caller = *state.caller;
          CS_ASSIGN_OR_RETURN(
              state.slot,
              watches_.TakeFor(LengthPrefixed().Add(caller.issuer).Add(caller.subject).bytes()));
        }
        return ReadWatch(*state.caller, state.after, first);
      });
}

grpc::ServerUnaryReactor* ReviewService::ApproveReview(grpc::CallbackServerContext* context,
                                                       const v1::ApproveReviewRequest* request,
                                                       v1::Review* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    return Answer(reviewer_api_.Vote(*caller, request->id(), reviews::Ballot::kApprove,
                                     request->seen_hash(), request->reason()),
                  *response);
  });
}

grpc::ServerUnaryReactor* ReviewService::DenyReview(grpc::CallbackServerContext* context,
                                                    const v1::DenyReviewRequest* request,
                                                    v1::Review* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    return Answer(reviewer_api_.Vote(*caller, request->id(), reviews::Ballot::kDeny,
                                     request->seen_hash(), request->reason()),
                  *response);
  });
}

grpc::ServerUnaryReactor* ReviewService::RevokeReview(grpc::CallbackServerContext* context,
                                                      const v1::RevokeReviewRequest* request,
                                                      v1::Review* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    return Answer(reviewer_api_.Revoke(*caller, request->id(), request->reason()), *response);
  });
}

}  // namespace countersign::approval::reviewers
