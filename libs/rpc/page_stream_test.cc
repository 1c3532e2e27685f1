#include "libs/rpc/page_stream.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <functional>

#include "absl/synchronization/notification.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace countersign::rpc {
namespace {

namespace v1 = ::grpc::health::v1;
using Response = v1::HealthCheckResponse;
using Page = StreamPage<Response>;

Response MakeResponse(int status) {
  Response response;
  response.set_status(static_cast<Response::ServingStatus>(status));
  return response;
}

// Streams what `make_read` reads, one call after the other.
class Service final : public v1::Health::CallbackService {
 public:
  std::function<ReadPage<Response>()> make_read;
  absl::Duration interval = absl::Milliseconds(1);
  ThreadPool pool{1, 8};
  StreamSlots slots{2, 2};

  grpc::ServerWriteReactor<Response>* Watch(grpc::CallbackServerContext* context,
                                            const v1::HealthCheckRequest*) override {
    return StreamPages<Response>({pool, slots, interval}, context, make_read());
  }
};

struct Fixture {
  explicit Fixture(std::function<ReadPage<Response>()> make_read) {
    service.make_read = std::move(make_read);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    stub = v1::Health::NewStub(server->InProcessChannel({}));
  }
  ~Fixture() { server->Shutdown(); }

  // The statuses of a whole stream.
  std::vector<int> ReadAll(absl::Status& end) {
    grpc::ClientContext context;
    const auto reader = stub->Watch(&context, {});
    std::vector<int> statuses;
    for (Response response; reader->Read(&response);) statuses.push_back(response.status());
    end = FromGrpc(reader->Finish());
    return statuses;
  }

  Service service;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::Health::Stub> stub;
};

TEST_CASE("StreamPages: pages follow each other until one has ended", "[rpc][stream]") {
  Fixture fixture([]() -> ReadPage<Response> {
    return [page = 0]() mutable -> absl::StatusOr<Page> {
      switch (page++) {
        case 0: return Page{{MakeResponse(1), MakeResponse(2)}, true, false};
        case 1: return Page{};  // nothing new
        case 2: return Page{{MakeResponse(3)}, false, false};
        default: return Page{{MakeResponse(1)}, false, true};
      }
    };
  });
  absl::Status end;
  CHECK(fixture.ReadAll(end) == std::vector<int>{1, 2, 3, 1});
  CHECK(end.ok());
}

TEST_CASE("StreamPages: an error ends the stream, with its reason", "[rpc][stream]") {
  Fixture fixture([]() -> ReadPage<Response> {
    return [page = 0]() mutable -> absl::StatusOr<Page> {
      if (page++ == 0) return Page{{MakeResponse(1)}, true, false};
      return WithReason(absl::NotFoundError("it is gone"), "gone");
    };
  });
  absl::Status end;
  CHECK(fixture.ReadAll(end) == std::vector<int>{1});
  CHECK(absl::IsNotFound(end));
  CHECK(GetReason(end) == "gone");
}

TEST_CASE("StreamSlots: one caller cannot take the slots of others", "[rpc][stream]") {
  StreamSlots slots(100, 2);
  auto first = slots.TakeFor("ana");
  const auto second = slots.TakeFor("ana");
  REQUIRE((first.ok() && second.ok()));
  const auto third = slots.TakeFor("ana");
  CHECK(absl::IsResourceExhausted(third.status()));
  CHECK(GetReason(third.status()) == "overloaded");
  CHECK(slots.TakeFor("ben").ok());
  { const StreamSlots::CallerSlot ended = *std::move(first); }
  CHECK(slots.TakeFor("ana").ok());
}

// A stream that waits for an hour after its first page, and when it was destroyed.
struct LongWait {
  absl::Notification destroyed;

  ReadPage<Response> MakeRead() {
    std::shared_ptr<void> life(this, [](LongWait* self) { self->destroyed.Notify(); });
    return [life]() -> absl::StatusOr<Page> { return Page{{MakeResponse(1)}, false, false}; };
  }
};

TEST_CASE("StreamPages: a caller that cancels ends the wait and frees its place", "[rpc][stream]") {
  LongWait waits[3];
  int next = 0;
  Fixture fixture([&] { return waits[next++].MakeRead(); });
  fixture.service.interval = absl::Hours(1);
  grpc::ClientContext first, second;
  const auto one = fixture.stub->Watch(&first, {});
  const auto two = fixture.stub->Watch(&second, {});
  Response response;
  REQUIRE(one->Read(&response));
  REQUIRE(two->Read(&response));
  absl::Status end;
  CHECK(fixture.ReadAll(end).empty());  // both places are taken
  CHECK(absl::IsResourceExhausted(end));
  CHECK(GetReason(end) == "overloaded");
  first.TryCancel();
  CHECK(one->Finish().error_code() == grpc::StatusCode::CANCELLED);
  waits[0].destroyed.WaitForNotification();
  second.TryCancel();
  CHECK(two->Finish().error_code() == grpc::StatusCode::CANCELLED);
  waits[1].destroyed.WaitForNotification();
  CHECK(fixture.service.slots.Take());
  CHECK(fixture.service.slots.Take());
  CHECK_FALSE(fixture.service.slots.Take());
}

TEST_CASE("StreamPages: a deadline ends the wait", "[rpc][stream]") {
  LongWait wait;
  Fixture fixture([&] { return wait.MakeRead(); });
  fixture.service.interval = absl::Hours(1);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  const auto reader = fixture.stub->Watch(&context, {});
  for (Response response; reader->Read(&response);) continue;
  CHECK(reader->Finish().error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  wait.destroyed.WaitForNotification();
}

TEST_CASE("StreamPages: a service that stops ends its streams", "[rpc][stream]") {
  Fixture fixture([]() -> ReadPage<Response> {
    return []() -> absl::StatusOr<Page> { return Page{{MakeResponse(1)}, false, false}; };
  });
  grpc::ClientContext context;
  const auto reader = fixture.stub->Watch(&context, {});
  Response response;
  REQUIRE(reader->Read(&response));
  fixture.service.slots.Close();
  while (reader->Read(&response)) continue;
  const absl::Status end = FromGrpc(reader->Finish());
  CHECK(absl::IsUnavailable(end));
  CHECK(GetReason(end) == "unavailable");
}

TEST_CASE("StreamPages: with a full pool it reads later", "[rpc][stream]") {
  Fixture fixture([]() -> ReadPage<Response> {
    return []() -> absl::StatusOr<Page> { return Page{{MakeResponse(1)}, false, true}; };
  });
  absl::Notification running, go;
  REQUIRE(fixture.service.pool.TrySubmit([&] {
    running.Notify();
    go.WaitForNotification();
  }));
  running.WaitForNotification();
  while (fixture.service.pool.TrySubmit([] {})) continue;
  grpc::ClientContext context;
  const auto reader = fixture.stub->Watch(&context, {});
  go.Notify();
  Response response;
  CHECK(reader->Read(&response));
  CHECK_FALSE(reader->Read(&response));
  CHECK(reader->Finish().ok());
}

}  // namespace
}  // namespace countersign::rpc
