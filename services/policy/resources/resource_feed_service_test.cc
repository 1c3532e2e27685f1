#include "services/policy/resources/resource_feed_service.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/base/status.h"
#include "services/policy/testing/service_fixture.h"

namespace countersign::policy::resources {
namespace {

std::shared_ptr<const domain::ResourceList> Version(std::uint64_t version) {
  auto set = std::make_shared<domain::ResourceList>();
  set->version = version;
  set->resources = {{"Policy", "p", {}, "{}", version, absl::UnixEpoch()}};
  return set;
}

struct Fixture {
  RemoteParts parts;
  ResourceFeedService service{parts};
  InProcessServer server{&service};
  std::unique_ptr<v1::ResourceFeedService::Stub> stub =
      v1::ResourceFeedService::NewStub(server.channel());
};

// The part's side of the stream.
class Client {
 public:
  Client(Fixture& fixture, const std::string& part) : stream_(fixture.stub->Watch(&context_)) {
    v1::WatchRequest hello;
    hello.set_part(part);
    stream_->Write(hello);
  }
  ~Client() { context_.TryCancel(); }

  v1::WatchResponse Read() {
    v1::WatchResponse response;
    REQUIRE(stream_->Read(&response));
    return response;
  }
  void Serving(std::uint64_t version) {
    v1::WatchRequest request;
    request.set_serving_version(version);
    stream_->Write(request);
  }
  void Answer(std::uint64_t draft_id, const std::vector<std::string>& mistakes) {
    v1::WatchRequest request;
    request.set_draft_id(draft_id);
    for (const std::string& mistake : mistakes) request.add_draft_errors(mistake);
    stream_->Write(request);
  }
  // Waits for the end of the stream.
  grpc::Status Status() {
    v1::WatchResponse rest;
    while (stream_->Read(&rest)) {
    }
    return stream_->Finish();
  }
  grpc::Status Finish() {
    stream_->WritesDone();
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::WatchRequest, v1::WatchResponse>> stream_;
};

TEST_CASE("ResourceFeedService: a part gets the served version with its resources",
          "[policy][feed][rpc]") {
  Fixture fixture;
  fixture.parts.Serve(Version(3));
  Client client(fixture, "masking");
  const v1::WatchResponse served = client.Read();
  CHECK(served.version() == 3);
  CHECK(served.draft_id() == 0);
  REQUIRE(served.resources_size() == 1);
  CHECK(served.resources(0).kind() == "Policy");
  CHECK(served.resources(0).spec() == "{}");
  CHECK(served.resources(0).version() == 3);
}

TEST_CASE("ResourceFeedService: a draft is validated over the stream", "[policy][feed][rpc]") {
  Fixture fixture;
  fixture.parts.Serve(Version(1));
  Client client(fixture, "masking");
  client.Read();
  auto validated = std::async(
      std::launch::async, [&] { return fixture.parts.Validate(Version(2), absl::Seconds(30)); });
  const v1::WatchResponse draft = client.Read();
  CHECK(draft.draft_id() != 0);
  CHECK(draft.version() == 2);
  client.Answer(draft.draft_id(), {"MaskingProfile/m: no"});
  CHECK(validated.get().message() == "MaskingProfile/m: no");
}

TEST_CASE("ResourceFeedService: serving a version ends the wait for it", "[policy][feed][rpc]") {
  Fixture fixture;
  fixture.parts.Serve(Version(1));
  Client client(fixture, "masking");
  client.Read();
  client.Serving(1);
  CHECK(fixture.parts.WaitServed(1, absl::Seconds(30)).empty());
  fixture.parts.Serve(Version(2));
  CHECK(fixture.parts.WaitServed(2, absl::Milliseconds(1)) == std::vector<std::string>{"masking"});
  CHECK(client.Read().version() == 2);
  client.Serving(2);
  CHECK(fixture.parts.WaitServed(2, absl::Seconds(30)).empty());
}

TEST_CASE("ResourceFeedService: a part that goes away is no longer waited for",
          "[policy][feed][rpc]") {
  Fixture fixture;
  fixture.parts.Serve(Version(1));
  {
    Client client(fixture, "masking");
    client.Read();
    CHECK(fixture.parts.WaitServed(1, absl::Milliseconds(1)).size() == 1);
  }
  CHECK(fixture.parts.WaitServed(1, absl::Seconds(30)).empty());
}

TEST_CASE("ResourceFeedService: a stream that names no part is refused", "[policy][feed][rpc]") {
  Fixture fixture;
  Client client(fixture, "");
  CHECK(client.Finish().error_code() == grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("ResourceFeedService: closing a stream ends it with a status", "[policy][feed][rpc]") {
  Fixture fixture;
  fixture.parts.Serve(Version(1));
  Client client(fixture, "masking");
  client.Read();
  CHECK(client.Finish().ok());
}

TEST_CASE("ResourceFeedService: closing ends open and later streams", "[policy][feed][rpc]") {
  Fixture fixture;
  fixture.parts.Serve(Version(1));
  Client open(fixture, "masking");
  open.Read();
  fixture.parts.Close();
  CHECK(open.Status().error_code() == grpc::StatusCode::UNAVAILABLE);
  Client late(fixture, "authn");
  CHECK(late.Status().error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(fixture.parts.WaitServed(1, absl::Seconds(30)).empty());
}

TEST_CASE("ResourceFeedService: a slow part gets the newest version, not all",
          "[policy][feed][rpc]") {
  Fixture fixture;
  Client client(fixture, "masking");
  fixture.parts.Serve(Version(1));
  std::uint64_t version = client.Read().version();
  for (std::uint64_t next = 2; next <= 100; ++next) fixture.parts.Serve(Version(next));
  int messages = 0;
  while (version < 100) {
    const std::uint64_t next = client.Read().version();
    CHECK(next > version);
    version = next;
    ++messages;
  }
  CHECK(messages <= 3);  // the message being written, and the newest
}

}  // namespace
}  // namespace countersign::policy::resources
