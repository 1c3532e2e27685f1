// Both gRPC services over an in-process channel.
#include "services/approval/reviewers/review_service.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "services/approval/testing/review_service_testing.h"

namespace countersign::approval::reviewers {

using testing::BindingHash;
using testing::ServedReviews;

TEST_CASE("GetReview: a reviewer reads everything that will be sent, as it is", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  v1::Review review;
  REQUIRE(test.Get("bob", id, review).ok());
  CHECK(review.id() == id);
  CHECK(review.state() == v1::Review::PENDING);
  CHECK(review.requester() == "ada");
  CHECK(review.requester_subject() == "https://issuer.example#sub-ada");
  CHECK(review.connection() == "openai");
  CHECK(review.policy() == "regulated");
  CHECK(review.binding_hash() == BindingHash('a'));
  CHECK(review.approvals_required() == 1);
  CHECK(review.model() == "gpt-4o");
  CHECK(review.prompt_tokens() == 42);
  CHECK(review.waiting() == 1);
  CHECK(review.reviewers(0) == "security");
  CHECK(review.expires_at().seconds() - review.created_at().seconds() == 900);
  REQUIRE(review.parts_size() == 1);
  CHECK(review.parts(0).text() == "hide\xE2\x80\xAEthis\x07");
  CHECK(review.findings(0).rule() == "hipaa");
  CHECK(review.tools(0) == "search");
  CHECK(review.parameters().at("max_tokens") == 10);
  CHECK(review.head().method() == "POST");
  CHECK(review.head().target() == "/v1/chat/completions?q=1");
  REQUIRE(review.head().headers_size() == 1);
  CHECK(review.head().headers(0).name() == "accept");
  CHECK(review.head().headers(0).value() == "*/*");
  CHECK(review.media_size() == 1);
}

TEST_CASE("GetReviewMedia: those who may read the review get its media", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  const auto get = [&](const std::string& who, std::uint32_t index, v1::ReviewMedia& media) {
    v1::GetReviewMediaRequest request;
    request.set_id(id);
    request.set_index(index);
    return test.Call(who, *test.reviews, &v1::ReviewService::Stub::GetReviewMedia, request, media);
  };
  v1::ReviewMedia media;
  REQUIRE(get("bob", 0, media).ok());
  CHECK(media.data() == "\xff\x80\xfe\x81");
  CHECK(media.media().type() == "image/png");
  CHECK(absl::IsNotFound(get("bob", 1, media)));
  for (const char* who : {"audit", "audit-openai"}) CHECK(get(who, 0, media).ok());
  v1::Review review;
  for (const char* who : {"ada", "eve", "legal", "far", "audit-other"}) {
    CAPTURE(who);
    CHECK(get(who, 0, media).code() == test.Get(who, id, review).code());
    CHECK_FALSE(get(who, 0, media).ok());
  }
}

TEST_CASE("Leave: a held call can leave after its token has expired", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  v1::Review review;
  REQUIRE(test.Get("bob", id, review).ok());
  CHECK(review.waiting() == 1);
  v1::LeaveRequest leave;
  leave.set_review_id(id);
  leave.set_session_id("s1");
  v1::LeaveResponse left;
  CHECK(test.Call("expired", *test.gate, &v1::ReviewGateService::Stub::Leave, leave, left).ok());
  REQUIRE(test.Get("bob", id, review).ok());
  CHECK(review.waiting() == 0);
}

TEST_CASE("ListReviews: items show the requester and the call, not the prompt", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  v1::ListReviewsResponse list;
  REQUIRE(test.Call("bob", *test.reviews, &v1::ReviewService::Stub::ListReviews,
                    v1::ListReviewsRequest(), list)
              .ok());
  REQUIRE(list.items_size() == 1);
  CHECK(list.items(0).id() == id);
  CHECK(list.items(0).parts_size() == 0);
  CHECK(list.next_page_token().empty());
}

TEST_CASE("ListReviews: a page starts where the token says", "[approval]") {
  ServedReviews test;
  for (const char hash : {'1', '2', '3'}) test.Opened(hash);
  v1::ListReviewsRequest request;
  request.set_page_size(2);
  v1::ListReviewsResponse list;
  const auto call = [&] {
    list.Clear();
    return test.Call("bob", *test.reviews, &v1::ReviewService::Stub::ListReviews, request, list);
  };
  REQUIRE(call().ok());
  CHECK(list.items_size() == 2);
  request.set_page_token(list.next_page_token());
  REQUIRE(call().ok());
  CHECK(list.items_size() == 1);
  CHECK(list.next_page_token().empty());
  request.set_state(static_cast<v1::Review::State>(99));
  CHECK(call().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("ListTransitions: every step in order, of reviews that the reader sees", "[approval]") {
  ServedReviews test;
  const auto list = [&](const std::string& who, const std::string& token) {
    v1::ListTransitionsRequest request;
    request.set_page_token(token);
    v1::ListTransitionsResponse response;
    const absl::Status status =
        test.Call(who, *test.reviews, &v1::ReviewService::Stub::ListTransitions, request, response);
    INFO(status.ToString());
    REQUIRE(status.ok());
    return response;
  };
  const std::string before = test.Opened('1');
  const v1::ListTransitionsResponse start = list("bob", "");
  CHECK(start.items_size() == 0);

  const std::string id = test.Opened('2');
  v1::Review review;
  REQUIRE(test.Approve("bob", id, BindingHash('2'), review).ok());
  v1::DenyReviewRequest deny;
  deny.set_id(before);
  REQUIRE(
      test.Call("carol", *test.reviews, &v1::ReviewService::Stub::DenyReview, deny, review).ok());

  const v1::ListTransitionsResponse steps = list("bob", start.next_page_token());
  REQUIRE(steps.items_size() == 3);
  CHECK(steps.items(0).review().id() == id);
  CHECK(steps.items(0).from() == v1::Review::STATE_UNSPECIFIED);
  CHECK(steps.items(0).review().state() == v1::Review::PENDING);
  CHECK(steps.items(0).actor() == "ada");
  CHECK(steps.items(1).from() == v1::Review::PENDING);
  CHECK(steps.items(1).review().state() == v1::Review::APPROVED);
  CHECK(steps.items(1).actor() == "bob");
  CHECK(steps.items(2).review().id() == before);
  CHECK(steps.items(2).review().state() == v1::Review::DENIED);
  CHECK(steps.items(0).review().parts_size() == 0);
  CHECK_FALSE(steps.more());
  CHECK(list("bob", steps.next_page_token()).items_size() == 0);
  // A reviewer who was not asked, and one of another connection: nothing, and the same place.
  for (const char* const other : {"legal", "far"}) {
    const v1::ListTransitionsResponse hidden = list(other, start.next_page_token());
    CHECK(hidden.items_size() == 0);
    CHECK(hidden.next_page_token() == steps.next_page_token());
  }
}

TEST_CASE("ListTransitions: refuses who is no reviewer, and a token that is none", "[approval]") {
  ServedReviews test;
  v1::ListTransitionsRequest request;
  v1::ListTransitionsResponse response;
  CHECK(absl::IsPermissionDenied(test.Call(
      "ada", *test.reviews, &v1::ReviewService::Stub::ListTransitions, request, response)));
  for (const char* const token : {"x", "-1", "99999999999999999999", "1.5"}) {
    request.set_page_token(token);
    CHECK(absl::IsInvalidArgument(test.Call(
        "bob", *test.reviews, &v1::ReviewService::Stub::ListTransitions, request, response)));
  }
}

TEST_CASE("Reviews: each wrong caller gets its own refusal", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  v1::Review review;
  CHECK(test.Get("", id, review).code() == absl::StatusCode::kUnauthenticated);
  CHECK(test.Get("eve", id, review).code() == absl::StatusCode::kPermissionDenied);
  const absl::Status not_asked = test.Get("legal", id, review);
  CHECK(not_asked.code() == absl::StatusCode::kPermissionDenied);
  CHECK(GetReason(not_asked) == "not_a_reviewer");
  CHECK(test.Get("far", id, review).code() == absl::StatusCode::kNotFound);
  CHECK(test.Get("bob", "nonsense", review).code() == absl::StatusCode::kNotFound);
  CHECK(test.Approve("eve", id, BindingHash('a'), review).code() ==
        absl::StatusCode::kPermissionDenied);
  CHECK(test.Approve("legal", id, BindingHash('a'), review).code() ==
        absl::StatusCode::kPermissionDenied);
  CHECK(test.store.Get(id)->votes.empty());
}

TEST_CASE("ApproveReview: only the hash that was shown is accepted", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  v1::Review review;
  CHECK(test.Approve("bob", id, "", review).code() == absl::StatusCode::kInvalidArgument);
  const absl::Status other = test.Approve("bob", id, BindingHash('b'), review);
  CHECK(other.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(GetReason(other) == "hash_mismatch");
  REQUIRE(test.Approve("bob", id, BindingHash('a'), review).ok());
  CHECK(review.state() == v1::Review::APPROVED);
  CHECK(review.uses_left() == 1);
  REQUIRE(review.votes_size() == 1);
  CHECK(review.votes(0).reviewer() == "bob");
  CHECK(review.votes(0).decision() == v1::Vote::APPROVE);
  CHECK(review.votes(0).reason() == "fine");
  CHECK(review.parts_size() == 1);
  const absl::Status late = test.Approve("carol", id, BindingHash('a'), review);
  CHECK(late.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(GetReason(late) == "review_not_pending");
}

TEST_CASE("DenyReview: needs no hash, and its reason reaches the caller", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  auto held = std::async(std::launch::async, [&] {
    v1::WaitRequest wait;
    wait.set_review_id(id);
    wait.set_session_id("s1");
    wait.set_wait_ms(20'000);
    v1::ReviewStatus status;
    (void)test.Call("ada", *test.gate, &v1::ReviewGateService::Stub::Wait, wait, status);
    return status;
  });
  v1::DenyReviewRequest request;
  request.set_id(id);
  request.set_reason("not today");
  v1::Review review;
  REQUIRE(
      test.Call("bob", *test.reviews, &v1::ReviewService::Stub::DenyReview, request, review).ok());
  CHECK(review.state() == v1::Review::DENIED);
  const v1::ReviewStatus status = held.get();
  CHECK(status.state() == v1::Review::DENIED);
  CHECK(status.reason() == "not today");
  REQUIRE(status.votes_size() == 1);  // for the session's record
  CHECK(status.votes(0).reviewer() == "bob");
  CHECK(status.votes(0).decision() == v1::Vote::DENY);
  CHECK(status.votes(0).reason() == "not today");
  CHECK(status.votes(0).at().seconds() > 0);
}

TEST_CASE("Reviews: auditors read those of their connections and change none", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  v1::Review review;
  v1::ListReviewsRequest list;
  v1::ListReviewsResponse found;
  v1::ListTransitionsRequest steps;
  v1::ListTransitionsResponse happened;
  steps.set_page_token("0");
  using Stub = v1::ReviewService::Stub;
  for (const char* const who : {"audit", "audit-openai"}) {
    REQUIRE(test.Get(who, id, review).ok());
    CHECK(review.parts_size() == 1);
    REQUIRE(test.Call(who, *test.reviews, &Stub::ListReviews, list, found).ok());
    CHECK(found.items_size() == 1);
    REQUIRE(test.Call(who, *test.reviews, &Stub::ListTransitions, steps, happened).ok());
    CHECK(happened.items_size() == 1);
    CHECK(absl::IsPermissionDenied(test.Approve(who, id, BindingHash('a'), review)));
    v1::DenyReviewRequest deny;
    deny.set_id(id);
    CHECK(absl::IsPermissionDenied(test.Call(who, *test.reviews, &Stub::DenyReview, deny, review)));
    v1::RevokeReviewRequest revoke;
    revoke.set_id(id);
    CHECK(absl::IsPermissionDenied(
        test.Call(who, *test.reviews, &Stub::RevokeReview, revoke, review)));
  }
  CHECK(absl::IsNotFound(test.Get("audit-other", id, review)));
  REQUIRE(test.Call("audit-other", *test.reviews, &Stub::ListReviews, list, found).ok());
  CHECK(found.items_size() == 0);
  REQUIRE(test.Call("audit-other", *test.reviews, &Stub::ListTransitions, steps, happened).ok());
  CHECK(happened.items_size() == 0);
  CHECK(test.store.Get(id)->votes.empty());
}

TEST_CASE("GetStatus: gives the current state, to the requester only", "[approval]") {
  ServedReviews test;
  v1::GetStatusRequest request;
  request.set_review_id(test.Opened());
  v1::ReviewStatus status;
  const auto ask = [&](const std::string& who) {
    return test.Call(who, *test.gate, &v1::ReviewGateService::Stub::GetStatus, request, status);
  };
  REQUIRE(ask("ada").ok());
  CHECK(status.state() == v1::Review::PENDING);
  CHECK(ask("bob").code() == absl::StatusCode::kNotFound);
}

TEST_CASE("Wait: refuses an empty session id", "[approval]") {
  ServedReviews test;
  v1::WaitRequest wait;
  wait.set_review_id(test.Opened());
  wait.set_wait_ms(10);
  v1::ReviewStatus status;
  const absl::Status refused =
      test.Call("ada", *test.gate, &v1::ReviewGateService::Stub::Wait, wait, status);
  CHECK(refused.code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetReason(refused) == "session_missing");
}

TEST_CASE("Wait: ends with PENDING at its deadline", "[approval]") {
  ServedReviews test;
  v1::WaitRequest wait;
  wait.set_review_id(test.Opened());
  wait.set_session_id("s1");
  wait.set_wait_ms(10);
  v1::ReviewStatus status;
  REQUIRE(test.Call("ada", *test.gate, &v1::ReviewGateService::Stub::Wait, wait, status).ok());
  CHECK(status.state() == v1::Review::PENDING);
}

TEST_CASE("RevokeReview: revokes the grant, and a waiting call learns it", "[approval]") {
  ServedReviews test;
  const std::string id = test.Opened();
  v1::Review review;
  REQUIRE(test.Approve("bob", id, BindingHash('a'), review).ok());
  v1::RevokeReviewRequest request;
  request.set_id(id);
  request.set_reason("a mistake");
  REQUIRE(test.Call("carol", *test.reviews, &v1::ReviewService::Stub::RevokeReview, request, review)
              .ok());
  CHECK(review.state() == v1::Review::REVOKED);
  v1::ConsumeRequest use;
  use.set_review_id(id);
  use.set_session_id("s1");
  use.set_binding_hash(BindingHash('a'));
  v1::ConsumeResponse used;
  const absl::Status status =
      test.Call("ada", *test.gate, &v1::ReviewGateService::Stub::Consume, use, used);
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(GetReason(status) == "review_revoked");
}

TEST_CASE("Join: terms that need no approval are refused", "[approval]") {
  ServedReviews test;
  v1::ReviewStatus status;
  const auto join = [&](const v1::JoinRequest& request) {
    return test.Call("ada", *test.gate, &v1::ReviewGateService::Stub::Join, request, status).code();
  };
  v1::JoinRequest none = ServedReviews::AJoin();
  none.mutable_terms()->set_approvals(0);
  CHECK(join(none) == absl::StatusCode::kInvalidArgument);
  v1::JoinRequest nobody = ServedReviews::AJoin();
  nobody.mutable_terms()->clear_reviewers();
  CHECK(join(nobody) == absl::StatusCode::kInvalidArgument);
  v1::JoinRequest kind = ServedReviews::AJoin();
  kind.mutable_terms()->set_grant_kind(static_cast<countersign::domain::v1::GrantKind>(99));
  CHECK(join(kind) == absl::StatusCode::kInvalidArgument);
  CHECK(
      test.Call("", *test.gate, &v1::ReviewGateService::Stub::Join, ServedReviews::AJoin(), status)
          .code() == absl::StatusCode::kUnauthenticated);
}

}  // namespace countersign::approval::reviewers
