// Both gRPC services over an in-process channel.
#include "services/approval/reviewers/review_service.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <future>
#include <map>

#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "services/approval/approval.h"
#include "services/approval/gate/review_gate_service.h"
#include "services/approval/testing/approval_testing.h"
#include "services/approval/testing/review_store_memory.h"

namespace countersign::approval::reviewers {
namespace {

using testing::BindingHash;
using testing::Reviewer;
using testing::Signed;

// A token is the name of its principal.
class NamedCallers final : public rpc::CallerVerifier {
 public:
  NamedCallers() {
    for (const char* name : {"bob", "carol"}) Add(Reviewer(name));
    Add(Signed("ada", {}, {{domain::Role::kCaller, {}}}));
    Add(Signed("eve", {}, {{domain::Role::kCaller, {}}}));
    Add(Signed("legal", {"legal"}, {{domain::Role::kReviewer, {}}}));
    Add(Signed("far", {"security"}, {{domain::Role::kReviewer, {"other"}}}));
    Add(Signed("audit", {}, {{domain::Role::kAuditor, {}}}));
    Add(Signed("audit-openai", {}, {{domain::Role::kAuditor, {"openai"}}}));
    Add(Signed("audit-other", {}, {{domain::Role::kAuditor, {"other"}}}));
  }
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    const auto found = principals_.find(std::string(token));
    if (found == principals_.end()) return absl::UnauthenticatedError("no such token");
    return found->second;
  }

 private:
  void Add(domain::Principal principal) {
    const std::string name = principal.identity;
    principals_[name] = std::make_shared<const domain::Principal>(std::move(principal));
  }
  std::map<std::string, std::shared_ptr<const domain::Principal>> principals_;
};

struct Fixture {
  SystemClock clock;
  SystemRandom random;
  metrics::Registry registry;
  testing::MemoryReviewStore store{clock, random};
  Approval approval{
      store, crypto::PageTokens(SecretString("secret"), random), clock, registry, {2}};
  NamedCallers callers;
  gate::ReviewGateService gate_service{approval.gate(), callers, clock};
  ReviewService review_service{approval.reviewer_api(), callers, approval.pool()};
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::ReviewGateService::Stub> gate;
  std::unique_ptr<v1::ReviewService::Stub> reviews;

  Fixture() {
    REQUIRE(approval.directory().Serve(std::make_shared<domain::ResourceSet>()).ok());
    approval.Start();
    grpc::ServerBuilder builder;
    builder.RegisterService(&gate_service);
    builder.RegisterService(&review_service);
    server = builder.BuildAndStart();
    const auto channel = server->InProcessChannel({});
    gate = v1::ReviewGateService::NewStub(channel);
    reviews = v1::ReviewService::NewStub(channel);
  }
  ~Fixture() { server->Shutdown(); }

  template <typename Stub, typename Request, typename Response>
  absl::Status Call(const std::string& who, Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (!who.empty()) context.AddMetadata(rpc::kInternalTokenKey, who);
    return rpc::FromGrpc((stub.*method)(&context, request, &response));
  }

  static v1::JoinRequest AJoin(char hash = 'a') {
    v1::JoinRequest join;
    join.set_session_id("s1");
    join.set_connection("openai");
    join.set_binding_hash(BindingHash(hash));
    join.set_policy("regulated");
    join.set_prompt_tokens(42);
    auto& terms = *join.mutable_terms();
    terms.add_reviewers("security");
    terms.set_approvals(1);
    terms.set_pending_ttl_ms(900'000);
    terms.set_hold_ms(240'000);
    terms.set_grant_kind(countersign::domain::v1::GRANT_KIND_ONE_SHOT);
    terms.set_grant_ttl_ms(300'000);
    terms.set_grant_uses(1);
    auto& prompt = *join.mutable_prompt();
    prompt.set_model("gpt-4o");
    auto& part = *prompt.add_parts();
    part.set_role("user");
    part.set_text("hide\xE2\x80\xAEthis\x07");
    prompt.add_tools("search");
    (*prompt.mutable_parameters())["max_tokens"] = 10;
    auto& finding = *join.add_findings();
    finding.set_condition("keywords");
    finding.set_rule("hipaa");
    finding.set_end(4);
    join.mutable_head()->set_method("POST");
    join.mutable_head()->set_target("/v1/chat/completions?q=1");
    auto& header = *join.mutable_head()->add_headers();
    header.set_name("accept");
    header.set_value("*/*");
    // A picture of four bytes.
    auto& media = *prompt.add_media();
    media.set_pointer("/messages/0/content/0/image_url/url");
    media.set_type("image/png");
    media.set_size(4);
    media.set_sha256("bd023c507ff8420b320c32f50d7d70be9f1ce1105f52739a163ebda5646f6f50");
    join.set_upstream_body(
        R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":)"
        R"({"url":"data:image/png;base64,/4D+gQ=="}}]}]})");
    return join;
  }
  std::string Opened(char hash = 'a') {
    v1::ReviewStatus status;
    const absl::Status joined =
        Call("ada", *gate, &v1::ReviewGateService::Stub::Join, AJoin(hash), status);
    INFO(joined.ToString());
    REQUIRE(joined.ok());
    CHECK(status.state() == v1::Review::PENDING);
    return status.review_id();
  }
  absl::Status Approve(const std::string& who, const std::string& id, const std::string& hash,
                       v1::Review& review) {
    v1::ApproveReviewRequest request;
    request.set_id(id);
    request.set_seen_hash(hash);
    request.set_reason("fine");
    return Call(who, *reviews, &v1::ReviewService::Stub::ApproveReview, request, review);
  }
  absl::Status Get(const std::string& who, const std::string& id, v1::Review& review) {
    v1::GetReviewRequest request;
    request.set_id(id);
    return Call(who, *reviews, &v1::ReviewService::Stub::GetReview, request, review);
  }
};

}  // namespace

TEST_CASE("GetReview: a reviewer reads everything that will be sent, as it is", "[approval]") {
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
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
  Fixture test;
  v1::WaitRequest wait;
  wait.set_review_id(test.Opened());
  wait.set_session_id("s1");
  wait.set_wait_ms(10);
  v1::ReviewStatus status;
  REQUIRE(test.Call("ada", *test.gate, &v1::ReviewGateService::Stub::Wait, wait, status).ok());
  CHECK(status.state() == v1::Review::PENDING);
}

TEST_CASE("RevokeReview: revokes the grant, and a waiting call learns it", "[approval]") {
  Fixture test;
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
  Fixture test;
  v1::ReviewStatus status;
  const auto join = [&](const v1::JoinRequest& request) {
    return test.Call("ada", *test.gate, &v1::ReviewGateService::Stub::Join, request, status).code();
  };
  v1::JoinRequest none = Fixture::AJoin();
  none.mutable_terms()->set_approvals(0);
  CHECK(join(none) == absl::StatusCode::kInvalidArgument);
  v1::JoinRequest nobody = Fixture::AJoin();
  nobody.mutable_terms()->clear_reviewers();
  CHECK(join(nobody) == absl::StatusCode::kInvalidArgument);
  v1::JoinRequest kind = Fixture::AJoin();
  kind.mutable_terms()->set_grant_kind(static_cast<countersign::domain::v1::GrantKind>(99));
  CHECK(join(kind) == absl::StatusCode::kInvalidArgument);
  CHECK(test.Call("", *test.gate, &v1::ReviewGateService::Stub::Join, Fixture::AJoin(), status)
            .code() == absl::StatusCode::kUnauthenticated);
}

}  // namespace countersign::approval::reviewers
