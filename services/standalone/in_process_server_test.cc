#include "services/standalone/in_process_server.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/handler.h"

namespace countersign::standalone {
namespace {

namespace v1 = countersign::approval::v1;

// Answers with the requested id.
class Reviews final : public v1::ReviewService::CallbackService {
  grpc::ServerUnaryReactor* GetReview(grpc::CallbackServerContext* context,
                                      const v1::GetReviewRequest* request,
                                      v1::Review* response) override {
    return rpc::FinishInline(context, [&]() -> absl::Status {
      response->set_id(request->id());
      response->set_model(std::string(request->id() == "large" ? 8u << 20 : 0u, 'x'));
      return absl::OkStatus();
    });
  }
};

struct Fixture {
  grpc::Status Get(const std::string& id) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::GetReviewRequest request;
    request.set_id(id);
    return v1::ReviewService::NewStub(server.Channel())->GetReview(&context, request, &review);
  }

  SystemClock clock;
  metrics::Registry registry;
  Reviews reviews;
  InProcessServer server{{&reviews}, registry, clock};
  v1::Review review;
};

TEST_CASE_METHOD(Fixture, "InProcessServer: its channel reaches the services", "[standalone]") {
  REQUIRE(Get("r1").ok());
  CHECK(review.id() == "r1");
}

TEST_CASE_METHOD(Fixture, "InProcessServer: answers above gRPC's own limit of 4 MiB pass",
                 "[standalone]") {
  REQUIRE(Get("large").ok());
  CHECK(review.model().size() == 8u << 20);
}

TEST_CASE_METHOD(Fixture, "InProcessServer: a service that it does not have is unimplemented",
                 "[standalone]") {
  grpc::ClientContext context;
  v1::LeaveResponse response;
  const grpc::Status answer =
      v1::ReviewGateService::NewStub(server.Channel())->Leave(&context, {}, &response);
  CHECK(answer.error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE_METHOD(Fixture, "InProcessServer: calls are counted", "[standalone]") {
  REQUIRE(Get("r1").ok());
  CHECK(registry.Expose().find("GetReview") != std::string::npos);
}

}  // namespace
}  // namespace countersign::standalone
