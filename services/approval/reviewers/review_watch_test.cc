// Streams of ReviewService over an in-process channel.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "libs/rpc/status.h"
#include "services/approval/testing/review_service_testing.h"

namespace countersign::approval::reviewers {
namespace {

using testing::BindingHash;
using testing::ServedReviews;

// A watch of `who`; `Next` blocks until something happens.
struct Watching {
  Watching(ServedReviews& test, const std::string& who, const std::string& token) {
    context.AddMetadata(rpc::kInternalTokenKey, who);
    v1::WatchReviewsRequest request;
    request.set_resume_token(token);
    reader = test.reviews->WatchReviews(&context, request);
  }
  v1::WatchReviewsResponse Next() {
    v1::WatchReviewsResponse response;
    REQUIRE(reader->Read(&response));
    return response;
  }
  absl::Status End() {
    context.TryCancel();
    for (v1::WatchReviewsResponse response; reader->Read(&response);) continue;
    return rpc::FromGrpc(reader->Finish());
  }
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::WatchReviewsResponse>> reader;
};

TEST_CASE("WatchReviews: every step of reviews that the reader sees, as it happens", "[approval]") {
  ServedReviews test;
  test.Opened('1');
  Watching watch(test, "bob", "");
  Watching hidden(test, "far", "");
  const v1::WatchReviewsResponse begun = watch.Next();
  CHECK(begun.items_size() == 0);
  CHECK(hidden.Next().items_size() == 0);

  const std::string id = test.Opened('2');
  const v1::WatchReviewsResponse opened = watch.Next();
  REQUIRE(opened.items_size() == 1);
  CHECK(opened.items(0).review().id() == id);
  CHECK(opened.items(0).review().state() == v1::Review::PENDING);
  v1::Review review;
  REQUIRE(test.Approve("bob", id, BindingHash('2'), review).ok());
  const v1::WatchReviewsResponse approved = watch.Next();
  REQUIRE(approved.items_size() == 1);
  CHECK(approved.items(0).review().state() == v1::Review::APPROVED);
  CHECK(absl::IsCancelled(watch.End()));

  Watching resumed(test, "bob", begun.resume_token());
  const v1::WatchReviewsResponse missed = resumed.Next();
  REQUIRE(missed.items_size() == 2);
  CHECK(missed.items(1).review().state() == v1::Review::APPROVED);
  CHECK(missed.resume_token() == approved.resume_token());
  CHECK(absl::IsCancelled(resumed.End()));
  CHECK(absl::IsCancelled(hidden.End()));
}

TEST_CASE("WatchReviews: refuses callers that read no reviews, and wrong tokens", "[approval]") {
  ServedReviews test;
  const auto end = [&](const std::string& who, const std::string& token) {
    Watching watch(test, who, token);
    v1::WatchReviewsResponse response;
    CHECK_FALSE(watch.reader->Read(&response));
    return rpc::FromGrpc(watch.reader->Finish());
  };
  CHECK(absl::IsPermissionDenied(end("ada", "")));
  CHECK(absl::IsUnauthenticated(end("nobody", "")));
  CHECK(absl::IsInvalidArgument(end("bob", "x")));
}

TEST_CASE("WatchReviews: ends when the service stops", "[approval]") {
  ServedReviews test;
  Watching watch(test, "bob", "");
  watch.Next();
  test.review_service.EndStreams();
  v1::WatchReviewsResponse response;
  CHECK_FALSE(watch.reader->Read(&response));
  CHECK(watch.reader->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace countersign::approval::reviewers
