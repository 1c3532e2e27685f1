#include "services/policy/resources/remote_parts.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/base/status.h"
#include "services/policy/testing/fake_remote_part.h"

namespace countersign::policy::resources {
namespace {

std::shared_ptr<const domain::ResourceList> Version(std::uint64_t version) {
  auto set = std::make_shared<domain::ResourceList>();
  set->version = version;
  return set;
}

struct Fixture {
  RemoteParts parts;
  std::shared_ptr<FakeRemotePart> masking = std::make_shared<FakeRemotePart>("masking");
  std::shared_ptr<FakeRemotePart> authn = std::make_shared<FakeRemotePart>("authn");

  std::future<absl::Status> StartValidation(absl::Duration timeout = absl::Seconds(30)) {
    return std::async(std::launch::async,
                      [=, this] { return parts.Validate(Version(5), timeout); });
  }
};

TEST_CASE("RemoteParts: without live parts every draft is valid", "[policy][feed]") {
  RemoteParts parts;
  CHECK(parts.Validate(Version(1), absl::Seconds(30)).ok());
  CHECK(parts.WaitServed(1, absl::Seconds(30)).empty());
}

TEST_CASE("RemoteParts: a draft is valid when every live part has accepted it", "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.masking);
  fixture.parts.Connect(fixture.authn);
  auto validated = fixture.StartValidation();
  const auto [id, draft] = fixture.masking->Draft();
  CHECK(draft->version == 5);
  fixture.parts.OnValidated(*fixture.masking, id, {});
  fixture.parts.OnValidated(*fixture.authn, id, {});
  CHECK(validated.get().ok());
}

TEST_CASE("RemoteParts: one part that refuses makes the draft invalid, with its mistakes",
          "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.masking);
  fixture.parts.Connect(fixture.authn);
  auto validated = fixture.StartValidation();
  const std::uint64_t id = fixture.masking->Draft().first;
  fixture.parts.OnValidated(*fixture.authn, id, {});
  fixture.parts.OnValidated(*fixture.masking, id, {"MaskingProfile/x: spec.response[0]: no"});
  const absl::Status status = validated.get();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "MaskingProfile/x: spec.response[0]: no");
}

TEST_CASE("RemoteParts: the same mistake from two processes is reported once", "[policy][feed]") {
  Fixture fixture;
  const auto twin = std::make_shared<FakeRemotePart>("masking");
  fixture.parts.Connect(fixture.masking);
  fixture.parts.Connect(twin);
  auto validated = fixture.StartValidation();
  const std::uint64_t id = fixture.masking->Draft().first;
  fixture.parts.OnValidated(*fixture.masking, id, {"no"});
  fixture.parts.OnValidated(*twin, id, {"no"});
  CHECK(validated.get().message() == "no");
}

TEST_CASE("RemoteParts: a part that does not answer makes it UNAVAILABLE and is named",
          "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.masking);
  const absl::Status status = fixture.parts.Validate(Version(5), absl::Milliseconds(1));
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(status.message().find("masking") != absl::string_view::npos);
}

TEST_CASE("RemoteParts: a part that leaves is not waited for", "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.masking);
  auto validated = fixture.StartValidation();
  fixture.masking->Draft();
  fixture.parts.Disconnect(*fixture.masking);
  CHECK(validated.get().ok());
}

TEST_CASE("RemoteParts: the late answer to an earlier draft does not count", "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.masking);
  REQUIRE_FALSE(fixture.parts.Validate(Version(5), absl::Milliseconds(1)).ok());
  const std::uint64_t first = fixture.masking->Draft(1).first;
  auto validated = fixture.StartValidation();
  const std::uint64_t second = fixture.masking->Draft(2).first;
  fixture.parts.OnValidated(*fixture.masking, first, {});
  fixture.parts.OnValidated(*fixture.masking, second, {"no"});
  CHECK_FALSE(validated.get().ok());
}

TEST_CASE("RemoteParts: a part that connects while a draft is validated is not asked",
          "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.masking);
  auto validated = fixture.StartValidation();
  const std::uint64_t id = fixture.masking->Draft().first;
  fixture.parts.Connect(fixture.authn);
  fixture.parts.OnValidated(*fixture.masking, id, {});
  CHECK(validated.get().ok());
}

TEST_CASE("RemoteParts: a part gets the served version when it connects and each later one",
          "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.authn);
  CHECK(fixture.authn->committed() == 0);  // nothing is served yet
  fixture.parts.Serve(Version(1));
  fixture.parts.Connect(fixture.masking);
  CHECK(fixture.masking->Committed(1)->version == 1);
  fixture.parts.Serve(Version(2));
  CHECK(fixture.masking->Committed(2)->version == 2);
  CHECK(fixture.authn->Committed(2)->version == 2);
}

TEST_CASE("RemoteParts: waiting ends when every live part serves the version or a later one",
          "[policy][feed]") {
  Fixture fixture;
  fixture.parts.Connect(fixture.masking);
  fixture.parts.Connect(fixture.authn);
  auto waiting = std::async(std::launch::async,
                            [&] { return fixture.parts.WaitServed(3, absl::Seconds(30)); });
  fixture.parts.OnServing(*fixture.masking, 4);
  fixture.parts.OnServing(*fixture.authn, 3);
  CHECK(waiting.get().empty());
}

TEST_CASE("RemoteParts: parts that do not serve in time are named once", "[policy][feed]") {
  Fixture fixture;
  const auto twin = std::make_shared<FakeRemotePart>("masking");
  fixture.parts.Connect(fixture.masking);
  fixture.parts.Connect(twin);
  fixture.parts.Connect(fixture.authn);
  fixture.parts.OnServing(*fixture.masking, 2);
  fixture.parts.OnServing(*fixture.authn, 3);
  CHECK(fixture.parts.WaitServed(3, absl::Milliseconds(1)) == std::vector<std::string>{"masking"});
}

}  // namespace
}  // namespace countersign::policy::resources
