#include <catch2/catch.hpp>
#include <future>

#include "absl/strings/str_replace.h"
#include "libs/base/build_version.h"
#include "libs/base/mutex.h"
#include "libs/clients/resource_feed_grpc.h"
#include "libs/testing/fake_clock.h"
#include "services/policy/resources/resource_feed_service.h"
#include "services/policy/resources/resource_hub.h"
#include "services/policy/testing/fake_sealer.h"
#include "services/policy/testing/resource_store_memory.h"
#include "services/policy/testing/service_fixture.h"

// The feed's service together with the client that the other services use.
namespace countersign::policy::resources {
namespace {

constexpr char kConnection[] =
    "apiVersion: countersign/v1\n"
    "kind: Connection\n"
    "metadata: {name: openai}\n"
    "spec: {protocol: openai, url: 'https://api.openai.com/v1', credential: key}\n"
    "---\n"
    "apiVersion: countersign/v1\n"
    "kind: Credential\n"
    "metadata: {name: key}\n"
    "spec: {bearer: {inline: sk-secret}}\n";

// A part in another process; records what it serves.
class Part final : public domain::ResourceWatcher {
 public:
  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override {
    if (draft->policies.count("refused") == 0) return absl::OkStatus();
    return absl::InvalidArgumentError("Policy/refused: spec: this part cannot\nPolicy/x: nor");
  }
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override {
    const MutexLock lock(mutex_);
    served_ = std::move(set);
    changed_.NotifyAll();
    return absl::OkStatus();
  }
  std::shared_ptr<const domain::ResourceSet> served() {
    const MutexLock lock(mutex_);
    return served_;
  }
  void WaitForSome() {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return served_ != nullptr; });
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<const domain::ResourceSet> served_ CS_GUARDED_BY(mutex_);
};

struct Fixture {
  testing::FakeClock clock;
  MemoryResourceStore store{clock};
  FakeSealer sealer;
  ResourceHub hub{store, sealer, clock};
  ResourceFeedService service{hub.remote_parts()};
  InProcessServer server{&service};
  Part part;
  clients::GrpcResourceFeed feed{server.channel()};

  Fixture() {
    REQUIRE(hub.Start().ok());
    feed.Attach("masking", part);
    part.WaitForSome();
  }
  absl::StatusOr<ApplyOutcome> Apply(const std::string& content) {
    return hub.Apply({{{"f.yaml", content}}});
  }
};

TEST_CASE("ResourceFeed: when apply returns, a part in another process serves it",
          "[policy][feed][rpc]") {
  Fixture fixture;
  const auto outcome = fixture.Apply(kConnection);
  INFO(outcome.status().ToString());
  REQUIRE(outcome.ok());
  CHECK(outcome->waiting_for.empty());
  const auto served = fixture.part.served();
  CHECK(served->version == 1);
  CHECK(served->connections.at("openai").version == 1);
  CHECK(served->credentials.at("key").sealed == "sealed-1");
}

TEST_CASE("ResourceFeed: a part in another process tells its release", "[policy][feed][rpc]") {
  Fixture fixture;
  const auto parts = fixture.hub.remote_parts().Serving();
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].release == BuildVersion());
}

TEST_CASE("ResourceFeed: a part in another process says what it sees, and serves on",
          "[policy][feed][rpc]") {
  Fixture fixture;
  Part examined;
  absl::Duration given;
  clients::GrpcResourceFeed feed(fixture.server.channel(), [&](absl::Duration timeout) {
    given = timeout;
    return std::vector<HealthCheck>{{"database", HealthCheck::State::kWarning, "is late", "wait"}};
  });
  feed.Attach("approval", examined);
  examined.WaitForSome();
  REQUIRE(fixture.Apply(kConnection).ok());

  const auto seen = fixture.hub.remote_parts().Examine(fixture.clock, absl::Seconds(20), [] {});
  REQUIRE(seen.size() == 2);
  for (const RemoteParts::Examined& one : seen) {
    INFO(one.part);
    CHECK(one.can_be_examined == (one.part == "approval"));
    CHECK(one.checks.has_value() == (one.part == "approval"));
    if (!one.checks) continue;
    REQUIRE(one.checks->size() == 1);
    CHECK(one.checks->front().name == "database");
    CHECK(one.checks->front().state == HealthCheck::State::kWarning);
    CHECK(one.checks->front().advice == "wait");
    CHECK(one.now != absl::InfinitePast());
  }
  CHECK(given > absl::ZeroDuration());
  CHECK(examined.served()->version == 1);
  REQUIRE(fixture.Apply(kConnection).ok());
}

TEST_CASE("ResourceFeed: a part in another process refuses a draft with all its reasons",
          "[policy][feed][rpc]") {
  Fixture fixture;
  const auto refused = fixture.Apply(
      "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: refused}\n"
      "spec: {then: {allow: {}}}\n");
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(refused.status().message() ==
        "f.yaml:4: Policy/refused: spec: this part cannot\nPolicy/x: nor");
  CHECK(fixture.part.served()->version == 0);
  CHECK(*fixture.store.Version() == 0);
}

TEST_CASE("ResourceFeed: a resource created again after its deletion is a different one",
          "[policy][feed][rpc]") {
  constexpr char kIdentity[] =
      "apiVersion: countersign/v1\nkind: Identity\nmetadata: {name: ci}\n"
      "spec: {kind: service, groups: [a]}\n";
  Fixture fixture;
  const auto created = [&] { return fixture.part.served()->identities.at("ci").created_version; };
  REQUIRE(fixture.Apply(kConnection).ok());
  REQUIRE(fixture.Apply(kIdentity).ok());
  CHECK(created() == 2);
  REQUIRE(fixture.Apply(absl::StrReplaceAll(kIdentity, {{"[a]", "[b]"}})).ok());
  CHECK(created() == 2);
  REQUIRE(fixture.hub.Delete("Identity", "ci", false, "ann").ok());
  REQUIRE(fixture.Apply(kIdentity).ok());
  CHECK(created() == 5);
}

TEST_CASE("ResourceFeed: both ends interpret every kind of resource alike", "[policy][feed][rpc]") {
  Fixture fixture;
  Part local;
  fixture.hub.Attach("policy", local);
  REQUIRE(fixture.Apply(kConnection).ok());
  REQUIRE(fixture
              .Apply("apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: d}\n"
                     "spec: {terms: ['a b', \"\\u00e9\"], normalize: caseless}\n---\n"
                     "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: p}\n"
                     "spec:\n  priority: 3\n  when: {any: [keywords: {dictionary: d}]}\n"
                     "  then: {review: {reviewers: [ops], hold: 90s}, recording: ordered}\n---\n"
                     "apiVersion: countersign/v1\nkind: Identity\nmetadata: {name: ci}\n"
                     "spec: {kind: service}\n")
              .ok());
  const auto here = local.served();
  const auto there = fixture.part.served();
  CHECK(there->version == here->version);
  CHECK(there->dictionaries.at("d").terms == here->dictionaries.at("d").terms);
  CHECK(there->policies.at("p").priority == 3);
  CHECK(there->policies.at("p").review.hold == absl::Seconds(90));
  CHECK(there->policies.at("p").review.hold == here->policies.at("p").review.hold);
  CHECK(there->connections.at("openai").version == here->connections.at("openai").version);
  CHECK(there->identities.at("ci").created_version == 2);
  CHECK(here->identities.at("ci").created_version == 2);
}

}  // namespace
}  // namespace countersign::policy::resources
