#pragma once

// ReviewGateService and ReviewService over an in-process channel, for their tests.

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "services/approval/approval.h"
#include "services/approval/gate/review_gate_service.h"
#include "services/approval/reviewers/review_service.h"
#include "services/approval/testing/approval_testing.h"
#include "services/approval/testing/review_store_memory.h"

namespace countersign::approval::testing {

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

// Both services over a store in memory and an in-process channel.
struct ServedReviews {
  SystemClock clock;
  SystemRandom random;
  metrics::Registry registry;
  MemoryReviewStore store{clock, random};
  countersign::approval::Approval approval{
      store, crypto::PageTokens(SecretString("secret"), random), clock, registry, {2}};
  NamedCallers callers;
  gate::ReviewGateService gate_service{approval.gate(), callers, clock};
  reviewers::ReviewService review_service{approval.reviewer_api(), callers, approval.pool(),
                                          absl::Milliseconds(5)};
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::ReviewGateService::Stub> gate;
  std::unique_ptr<v1::ReviewService::Stub> reviews;

  ServedReviews() {
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
  ~ServedReviews() { server->Shutdown(); }

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

}  // namespace countersign::approval::testing
