#include "libs/clients/review_log_grpc.h"

#include <catch2/catch.hpp>
#include <string>

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/clients/testing/scripted_stream.h"
#include "libs/rpc/handler.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::approval::v1;

// Keeps the requests, and returns the answers set by the test.
struct Host final : v1::ReviewLogService::CallbackService {
  v1::ReadLogRequest request;
  v1::ReadLogResponse response;
  absl::Status status;

  grpc::ServerUnaryReactor* ReadLog(grpc::CallbackServerContext* context,
                                    const v1::ReadLogRequest* asked,
                                    v1::ReadLogResponse* answer) override {
    request = *asked;
    *answer = response;
    return rpc::FinishInline(context, [this] { return status; });
  }

  v1::LocateReviewsRequest located;
  v1::LocateReviewsResponse found;
  grpc::ServerUnaryReactor* LocateReviews(grpc::CallbackServerContext* context,
                                          const v1::LocateReviewsRequest* asked,
                                          v1::LocateReviewsResponse* answer) override {
    located = *asked;
    *answer = found;
    return rpc::FinishInline(context, [this] { return status; });
  }
};

TEST_CASE("GrpcReviewLog: finds the lines of reviews", "[clients]") {
  Host service;
  InProcessServer server{{&service}};
  const SystemClock clock;
  GrpcReviewLog log(server.channel(), clock);
  auto& lines = *service.found.add_items();
  lines.set_review_id("r2");
  lines.set_first(3);
  lines.set_last(9);
  const auto found = log.Locate({"r1", "r2"});
  REQUIRE(found.ok());
  CHECK(service.located.review_ids_size() == 2);
  REQUIRE(found->size() == 1);
  CHECK((*found)[0].review_id == "r2");
  CHECK((*found)[0].first == 3);
  CHECK((*found)[0].last == 9);
  service.status = absl::UnavailableError("no database");
  CHECK(absl::IsUnavailable(log.Locate({"r1"}).status()));
}

TEST_CASE("GrpcReviewLog: lines and head are unchanged, and a failure keeps its code",
          "[clients]") {
  Host service;
  InProcessServer server{{&service}};
  const SystemClock clock;
  GrpcReviewLog log(server.channel(), clock);
  service.response.set_head_sequence(9);
  service.response.set_head_hash(std::string(32, '\0'));
  service.response.set_after_hash(std::string(32, 'h'));
  auto& line = *service.response.add_lines();
  line.set_sequence(8);
  line.set_body(std::string("a\0b", 3));
  const auto page = log.Read(7, 50);
  REQUIRE(page.ok());
  CHECK(service.request.after() == 7);
  CHECK(service.request.limit() == 50);
  CHECK(page->head.sequence == 9);
  CHECK(page->after_hash == std::string(32, 'h'));
  CHECK(page->head.hash == std::string(32, '\0'));
  REQUIRE(page->lines.size() == 1);
  CHECK(page->lines[0].sequence == 8);
  CHECK(page->lines[0].body == std::string("a\0b", 3));
  service.response.set_head_hash("short");
  CHECK(absl::IsDataLoss(log.Read(7, 50).status()));
  service.status = absl::UnavailableError("no database");
  CHECK(absl::IsUnavailable(log.Read(7, 50).status()));
}

}  // namespace
}  // namespace countersign::clients
