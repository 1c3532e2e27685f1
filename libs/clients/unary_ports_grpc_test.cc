#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>
#include <future>
#include <vector>

#include "absl/synchronization/notification.h"
#include "countersign/approval/v1/approval.grpc.pb.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/clients/authenticator_grpc.h"
#include "libs/clients/credential_sealer_grpc.h"
#include "libs/clients/policy_decider_grpc.h"
#include "libs/clients/review_gate_grpc.h"
#include "libs/clients/testing/scripted_stream.h"
#include "libs/rpc/handler.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {
namespace {

namespace av1 = countersign::authn::v1;
namespace pv1 = countersign::policy::v1;
namespace rv1 = countersign::approval::v1;

const absl::Duration kLong = absl::Seconds(30);
absl::Time In(absl::Duration duration) { return absl::Now() + duration; }

domain::Call TestCall() {
  domain::Call call;
  call.principal = std::make_shared<domain::Principal>();
  call.internal_token = std::make_shared<const SecretString>("token-of-ann");
  return call;
}

// Calls `start(done)` and returns the argument of `done`.
template <typename T, typename Start>
absl::StatusOr<T> Ask(Start start) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<T>>>();
  start([promise](absl::StatusOr<T> answer) { promise->set_value(std::move(answer)); });
  return promise->get_future().get();
}

// The last request of a server's method, and its answer.
template <typename Request, typename Response>
struct Scripted {
  Request request;
  Response response;
  absl::Status status;
  std::string token;
  absl::Time deadline;

  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, const Request* asked,
                                Response* answer) {
    request = *asked;
    *answer = response;
    deadline = rpc::GetDeadline(*context);
    const auto metadata = context->client_metadata().find(rpc::kInternalTokenKey);
    token = metadata == context->client_metadata().end()
                ? ""
                : std::string(metadata->second.data(), metadata->second.size());
    return rpc::FinishInline(context, [this] { return status; });
  }
};

struct Authn final : av1::AuthnService::CallbackService {
  Scripted<av1::AuthenticateRequest, av1::AuthenticateResponse> authenticate;
  Scripted<av1::LeaseCredentialRequest, av1::LeaseCredentialResponse> lease;
  Scripted<av1::SealCredentialRequest, av1::SealCredentialResponse> seal;
  grpc::ServerUnaryReactor* Authenticate(grpc::CallbackServerContext* context,
                                         const av1::AuthenticateRequest* request,
                                         av1::AuthenticateResponse* response) override {
    return authenticate.Run(context, request, response);
  }
  grpc::ServerUnaryReactor* LeaseCredential(grpc::CallbackServerContext* context,
                                            const av1::LeaseCredentialRequest* request,
                                            av1::LeaseCredentialResponse* response) override {
    return lease.Run(context, request, response);
  }
  grpc::ServerUnaryReactor* SealCredential(grpc::CallbackServerContext* context,
                                           const av1::SealCredentialRequest* request,
                                           av1::SealCredentialResponse* response) override {
    return seal.Run(context, request, response);
  }
};

// Accepts one token.
class OneToken final : public rpc::CallerVerifier {
 public:
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    if (token != "internal") return absl::UnauthenticatedError("token_key_unknown");
    auto principal = std::make_shared<domain::Principal>();
    principal->identity = "ann";
    return principal;
  }
};

struct AuthnFixture {
  Authn service;
  InProcessServer server{{&service}};
  OneToken verifier;
  GrpcAuthenticator authenticator{server.channel(), verifier};

  absl::StatusOr<domain::Authenticated> Authenticate() {
    return Ask<domain::Authenticated>([&](auto done) {
      authenticator.Authenticate(SecretString("key"), In(kLong), std::move(done));
    });
  }
};

TEST_CASE_METHOD(AuthnFixture, "GrpcAuthenticator: a request about a running call has its start",
                 "[clients]") {
  service.authenticate.response.set_internal_token("internal");
  CHECK(Authenticate().ok());
  CHECK_FALSE(service.authenticate.request.has_accepted_at());
  const absl::Time accepted = absl::FromUnixSeconds(1'700'000'000);
  CHECK(Ask<domain::Authenticated>([&](auto done) {
          authenticator.AuthenticateAgain(SecretString("key"), accepted, In(kLong),
                                          std::move(done));
        }).ok());
  CHECK(service.authenticate.request.accepted_at().seconds() == 1'700'000'000);
}

TEST_CASE("GrpcAuthenticator: the principal comes from the internal token", "[clients]") {
  AuthnFixture fixture;
  const absl::Time until = absl::FromUnixSeconds(1'800'000'000);
  fixture.service.authenticate.response.set_internal_token("internal");
  *fixture.service.authenticate.response.mutable_cache_until() = wire::ToProto(until);
  const auto authenticated = fixture.Authenticate().value();
  CHECK(fixture.service.authenticate.request.credential() == "key");
  CHECK(authenticated.principal->identity == "ann");
  CHECK(authenticated.internal_token->Reveal() == "internal");
  CHECK(authenticated.cache_until == until);
}

TEST_CASE("GrpcAuthenticator: a refusal keeps its reason", "[clients]") {
  AuthnFixture fixture;
  fixture.service.authenticate.status =
      WithReason(absl::UnauthenticatedError("revoked"), "key_revoked");
  const absl::Status status = fixture.Authenticate().status();
  CHECK(status.code() == absl::StatusCode::kUnauthenticated);
  CHECK(GetReason(status) == "key_revoked");
}

TEST_CASE(
    "GrpcAuthenticator: an answer that cannot be verified is UNAVAILABLE, not UNAUTHENTICATED",
    "[clients]") {
  AuthnFixture fixture;
  fixture.service.authenticate.response.set_internal_token("signed by an unknown key");
  CHECK(fixture.Authenticate().status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcAuthenticator: a lease carries the caller's token and the headers", "[clients]") {
  AuthnFixture fixture;
  auto* header = fixture.service.lease.response.add_headers();
  header->set_name("authorization");
  header->set_value("Bearer upstream");
  *fixture.service.lease.response.mutable_expires_at() = wire::ToProto(In(absl::Seconds(30)));
  const auto lease =
      Ask<domain::CredentialLease>([&](auto done) {
        fixture.authenticator.LeaseCredential(TestCall(), "openai", 7, In(kLong), std::move(done));
      }).value();
  CHECK(fixture.service.lease.request.connection() == "openai");
  CHECK(fixture.service.lease.request.connection_version() == 7);
  CHECK(fixture.service.lease.token == "token-of-ann");
  REQUIRE(lease.headers.size() == 1);
  CHECK(lease.headers[0].name == "authorization");
  CHECK(lease.headers[0].value.Reveal() == "Bearer upstream");
}

TEST_CASE("GrpcAuthenticator: the caller's deadline is passed on", "[clients]") {
  AuthnFixture fixture;
  fixture.service.authenticate.response.set_internal_token("internal");
  (void)fixture.Authenticate();
  const absl::Duration left = fixture.service.authenticate.deadline - absl::Now();
  CHECK(left > absl::Seconds(20));
  CHECK(left < kLong + absl::Seconds(5));
}

TEST_CASE("GrpcAuthenticator: a call without a deadline gets one", "[clients]") {
  AuthnFixture fixture;
  fixture.service.authenticate.response.set_internal_token("internal");
  (void)Ask<domain::Authenticated>([&](auto done) {
    fixture.authenticator.Authenticate(SecretString("key"), absl::InfiniteFuture(),
                                       std::move(done));
  });
  CHECK(fixture.service.authenticate.deadline < In(absl::Hours(2)));
}

TEST_CASE("GrpcAuthenticator: an unreachable server is UNAVAILABLE", "[clients]") {
  OneToken verifier;
  GrpcAuthenticator authenticator(
      grpc::CreateChannel("unix:/nonexistent/countersign.sock", grpc::InsecureChannelCredentials()),
      verifier);
  const auto answer = Ask<domain::Authenticated>([&](auto done) {
    authenticator.Authenticate(SecretString("key"), In(kLong), std::move(done));
  });
  CHECK(answer.status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcCredentialSealer: sends name, spec and previous, and returns the seal",
          "[clients]") {
  Authn service;
  InProcessServer server({&service});
  GrpcCredentialSealer sealer(server.channel());
  service.seal.response.set_sealed("v1.sealed");
  const auto sealed = Ask<std::string>([&](auto done) {
    sealer.Seal("openai", SecretString(R"({"bearer":"x"})"), "v1.old", In(kLong), std::move(done));
  });
  CHECK(sealed.value() == "v1.sealed");
  CHECK(service.seal.request.name() == "openai");
  CHECK(service.seal.request.plaintext() == R"({"bearer":"x"})");
  CHECK(service.seal.request.previous() == "v1.old");
}

struct Policy final : pv1::PolicyService::CallbackService {
  Scripted<pv1::DecideRequest, pv1::DecideResponse> decide;
  grpc::ServerUnaryReactor* Decide(grpc::CallbackServerContext* context,
                                   const pv1::DecideRequest* request,
                                   pv1::DecideResponse* response) override {
    return decide.Run(context, request, response);
  }
};

struct PolicyFixture {
  Policy service;
  InProcessServer server{{&service}};
  GrpcPolicyDecider decider{server.channel()};

  absl::StatusOr<domain::Decision> Decide(std::optional<domain::Verdict> before = std::nullopt) {
    auto prompt = std::make_shared<domain::Prompt>();
    prompt->model = "m";
    return Ask<domain::Decision>([&](auto done) {
      decider.Decide(TestCall(), {"openai", prompt, before}, In(kLong), std::move(done));
    });
  }
};

TEST_CASE("GrpcPolicyDecider: a decision arrives whole", "[clients]") {
  PolicyFixture fixture;
  auto& response = fixture.service.decide.response;
  response.set_verdict(pv1::VERDICT_REVIEW);
  response.set_policy("regulated");
  response.set_policy_version(9);
  response.set_prompt_tokens(41);
  response.set_masking_profile("standard");
  response.set_recording(pv1::RECORDING_ORDERED);
  domain::ReviewTerms terms;
  terms.reviewers = {"security"};
  terms.approvals = 2;
  *response.mutable_review() = wire::ToProto(terms);
  *response.add_findings() = wire::ToProto(domain::Finding{"regulated", "keywords", "h", 0, 1, 2});
  const auto decision = fixture.Decide(domain::Verdict::kReview).value();
  CHECK(decision.verdict == domain::Verdict::kReview);
  CHECK(decision.policy == "regulated");
  CHECK(decision.policy_version == 9);
  CHECK(decision.prompt_tokens == 41);
  CHECK(decision.masking_profile == "standard");
  CHECK(decision.recording == domain::Recording::kOrdered);
  CHECK(decision.review.approvals == 2);
  CHECK(decision.findings.at(0).end == 2);
  CHECK(fixture.service.decide.request.connection() == "openai");
  CHECK(fixture.service.decide.request.verdict_before() == pv1::VERDICT_REVIEW);
  CHECK(fixture.service.decide.request.prompt().model() == "m");
  CHECK(fixture.service.decide.token == "token-of-ann");
}

TEST_CASE("GrpcPolicyDecider: an unknown answer never allows", "[clients]") {
  PolicyFixture fixture;
  for (const int verdict : {0, 99, -1}) {
    fixture.service.decide.response.set_verdict(static_cast<pv1::Verdict>(verdict));
    const auto decision = fixture.Decide().value();
    CHECK(decision.verdict == domain::Verdict::kDeny);
    CHECK(decision.recording == domain::Recording::kStrict);
    CHECK(decision.masking_profile == "tier1");
  }
  fixture.service.decide.response.set_verdict(pv1::VERDICT_REVIEW);  // without terms
  CHECK(fixture.Decide().status().code() == absl::StatusCode::kInternal);
}

// Calls that the server leaves unanswered until the end of the test: a server waits for each, and
// one may arrive after its client is gone.
class Unanswered {
 public:
  void Keep(rpc::Finisher finish) {
    {
      const MutexLock lock(mutex_);
      if (!over_) {
        held_.push_back(std::move(finish));
        return;
      }
    }
    finish(absl::OkStatus());
  }
  void Finish() {
    std::vector<rpc::Finisher> held;
    {
      const MutexLock lock(mutex_);
      over_ = true;
      held.swap(held_);
    }
    for (rpc::Finisher& finish : held) finish(absl::OkStatus());
  }

 private:
  Mutex mutex_;
  bool over_ CS_GUARDED_BY(mutex_) = false;
  std::vector<rpc::Finisher> held_ CS_GUARDED_BY(mutex_);
};

struct Approval final : rv1::ReviewGateService::CallbackService {
  Scripted<rv1::JoinRequest, rv1::ReviewStatus> join;
  Scripted<rv1::GetStatusRequest, rv1::ReviewStatus> get_status;
  Scripted<rv1::WaitRequest, rv1::ReviewStatus> wait;
  Scripted<rv1::ConsumeRequest, rv1::ConsumeResponse> consume;
  Scripted<rv1::LeaveRequest, rv1::LeaveResponse> leave;
  absl::Notification left;
  bool silent = false;
  Unanswered unanswered;

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context,
                                 const rv1::JoinRequest* request,
                                 rv1::ReviewStatus* response) override {
    return join.Run(context, request, response);
  }
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const rv1::GetStatusRequest* request,
                                      rv1::ReviewStatus* response) override {
    return get_status.Run(context, request, response);
  }
  grpc::ServerUnaryReactor* Wait(grpc::CallbackServerContext* context,
                                 const rv1::WaitRequest* request,
                                 rv1::ReviewStatus* response) override {
    if (!silent) return wait.Run(context, request, response);
    return rpc::FinishLater(context,
                            [this](rpc::Finisher finish) { unanswered.Keep(std::move(finish)); });
  }
  grpc::ServerUnaryReactor* Consume(grpc::CallbackServerContext* context,
                                    const rv1::ConsumeRequest* request,
                                    rv1::ConsumeResponse* response) override {
    return consume.Run(context, request, response);
  }
  grpc::ServerUnaryReactor* Leave(grpc::CallbackServerContext* context,
                                  const rv1::LeaveRequest* request,
                                  rv1::LeaveResponse* response) override {
    auto* reactor = leave.Run(context, request, response);
    left.Notify();
    return reactor;
  }
};

struct ApprovalFixture {
  Approval service;
  InProcessServer server{{&service}};
  GrpcReviewGate gate{server.channel()};
};

TEST_CASE("GrpcReviewGate: a join sends what reviewers see and what the hash covers", "[clients]") {
  ApprovalFixture fixture;
  fixture.service.join.response.set_review_id("v1");
  fixture.service.join.response.set_state(rv1::Review::PENDING);
  auto& vote = *fixture.service.join.response.add_votes();
  vote.set_reviewer("bob");
  vote.set_decision(rv1::Vote::APPROVE);
  vote.set_reason("fine");
  *vote.mutable_at() = wire::ToProto(absl::FromUnixSeconds(1'700'000'000));
  *fixture.service.join.response.mutable_expires_at() =
      wire::ToProto(absl::FromUnixSeconds(1'800'000'000));
  domain::ReviewRequest request;
  request.session_id = "s1";
  request.connection = "openai";
  request.connection_version = (std::uint64_t{1} << 32) + 3;  // more than 32 bits
  request.binding_hash = "ab";
  request.policy = "p";
  request.policy_version = 4;
  request.terms.reviewers = {"security"};
  request.prompt = std::make_shared<domain::Prompt>();
  request.prompt_tokens = 12;
  request.upstream_body = std::string("\0\xff", 2);
  request.head = {"POST", "/v1/chat/completions?a=b", {{"accept", "*/*"}}};
  const auto status = Ask<domain::ReviewStatus>([&](auto done) {
                        fixture.gate.Join(TestCall(), request, In(kLong), std::move(done));
                      }).value();
  CHECK(status.review_id == "v1");
  CHECK(status.state == domain::ReviewState::kPending);
  CHECK(status.expires_at == absl::FromUnixSeconds(1'800'000'000));
  CHECK(status.votes.at(0).reviewer == "bob");
  CHECK((status.votes[0].approves && status.votes[0].reason == "fine"));
  CHECK(status.votes[0].at == absl::FromUnixSeconds(1'700'000'000));
  const auto& sent = fixture.service.join.request;
  CHECK(sent.session_id() == "s1");
  CHECK(sent.connection_version() == request.connection_version);
  CHECK(sent.binding_hash() == "ab");
  CHECK(sent.terms().reviewers(0) == "security");
  CHECK(sent.upstream_body() == request.upstream_body);
  CHECK(sent.head().method() == "POST");
  CHECK(sent.head().target() == "/v1/chat/completions?a=b");
  REQUIRE(sent.head().headers_size() == 1);
  CHECK(sent.head().headers(0).name() == "accept");
  CHECK(sent.head().headers(0).value() == "*/*");
  CHECK(fixture.service.join.token == "token-of-ann");
}

TEST_CASE("GrpcReviewGate: an unknown state is an error", "[clients]") {
  ApprovalFixture fixture;
  fixture.service.join.response.set_review_id("v1");
  fixture.service.join.response.set_state(static_cast<rv1::Review::State>(99));
  const auto status = Ask<domain::ReviewStatus>(
      [&](auto done) { fixture.gate.Join(TestCall(), {}, In(kLong), std::move(done)); });
  CHECK(status.status().code() == absl::StatusCode::kInternal);
}

TEST_CASE("GrpcReviewGate: asks for a status on the caller's behalf", "[clients]") {
  ApprovalFixture fixture;
  fixture.service.get_status.response.set_review_id("v1");
  fixture.service.get_status.response.set_state(rv1::Review::APPROVED);
  const auto ask = [&] {
    return Ask<domain::ReviewStatus>(
        [&](auto done) { fixture.gate.GetStatus(TestCall(), "v1", In(kLong), std::move(done)); });
  };
  CHECK(ask().value().state == domain::ReviewState::kApproved);
  CHECK(fixture.service.get_status.request.review_id() == "v1");
  CHECK(fixture.service.get_status.token == "token-of-ann");
  fixture.service.get_status.status = absl::NotFoundError("no such review");
  CHECK(absl::IsNotFound(ask().status()));
}

TEST_CASE("GrpcReviewGate: a wait sends its duration and returns the decision", "[clients]") {
  ApprovalFixture fixture;
  fixture.service.wait.response.set_review_id("v1");
  fixture.service.wait.response.set_state(rv1::Review::DENIED);
  fixture.service.wait.response.set_reason("no");
  const auto status = Ask<domain::ReviewStatus>([&](auto done) {
                        fixture.gate.Wait(TestCall(), "v1", "s1", In(kLong), std::move(done));
                      }).value();
  CHECK(status.state == domain::ReviewState::kDenied);
  CHECK(status.reason == "no");
  CHECK(fixture.service.wait.request.wait_ms() > 20'000);
  CHECK(fixture.service.wait.request.wait_ms() <= 30'000);
}

TEST_CASE("GrpcReviewGate: an unanswered wait ends as PENDING", "[clients]") {
  ApprovalFixture fixture;
  fixture.service.silent = true;
  // The RPC's deadline is two seconds after the wait's; a wait in the past shortens the test.
  const auto status =
      Ask<domain::ReviewStatus>([&](auto done) {
        fixture.gate.Wait(TestCall(), "v1", "s1", In(-absl::Milliseconds(1950)), std::move(done));
      }).value();
  CHECK(status.state == domain::ReviewState::kPending);
  CHECK(status.review_id == "v1");
  fixture.service.unanswered.Finish();
}

TEST_CASE("GrpcReviewGate: a consume returns the grant or the refusal", "[clients]") {
  ApprovalFixture fixture;
  const auto consume = [&] {
    return Ask<domain::Grant>([&](auto done) {
      fixture.gate.Consume(TestCall(), "v1", "s1", "ab", In(kLong), std::move(done));
    });
  };
  fixture.service.consume.response.set_review_id("v1");
  fixture.service.consume.response.add_approvers("rita");
  CHECK(consume().value().approvers == std::vector<std::string>{"rita"});
  CHECK(fixture.service.consume.request.binding_hash() == "ab");
  fixture.service.consume.status =
      WithReason(absl::FailedPreconditionError("used"), "review_exhausted");
  CHECK(GetReason(consume().status()) == "review_exhausted");
}

TEST_CASE("GrpcReviewGate: a leave is sent", "[clients]") {
  ApprovalFixture fixture;
  fixture.gate.Leave(TestCall(), "v1", "s1");
  fixture.service.left.WaitForNotification();
  CHECK(fixture.service.leave.request.session_id() == "s1");
}

TEST_CASE("CallGroup: destroying an adapter first answers outstanding calls", "[clients]") {
  Approval service;
  service.silent = true;
  InProcessServer server({&service});
  auto gate = std::make_unique<GrpcReviewGate>(server.channel());
  auto promise = std::make_shared<std::promise<absl::Status>>();
  gate->Wait(TestCall(), "v1", "s1", In(kLong),
             [promise](const absl::StatusOr<domain::ReviewStatus>& status) {
               promise->set_value(status.status());
             });
  gate.reset();
  auto answered = promise->get_future();
  REQUIRE(answered.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(answered.get().code() == absl::StatusCode::kCancelled);
  service.unanswered.Finish();
}

}  // namespace
}  // namespace countersign::clients
