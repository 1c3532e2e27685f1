#include "services/policy/rules/local_policy_decider.h"

#include <catch2/catch.hpp>
#include <future>
#include <optional>

#include "libs/base/status.h"
#include "libs/testing/fake_clock.h"
#include "services/policy/testing/fake_text_engine.h"
#include "services/policy/testing/rule_fixture.h"

namespace countersign::policy::rules {
namespace {

// Occupies a pool's only thread until it is released.
class Blocker {
 public:
  explicit Blocker(ThreadPool& pool) {
    REQUIRE(pool.TrySubmit([this] {
      started_.set_value();
      release_.get_future().wait();
    }));
    started_.get_future().wait();
  }
  void Release() { release_.set_value(); }

 private:
  std::promise<void> started_;
  std::promise<void> release_;
};

struct Fixture {
  FakeTextEngine engine;
  SnapshotHolder holder{engine};
  ThreadPool pool{1, 1};
  testing::FakeClock clock;
  std::vector<std::string> observed;
  LocalPolicyDecider decider{holder, pool, clock, [this](const domain::Decision& decision) {
                               observed.push_back(decision.policy);
                             }};
  domain::Call call{"r1", std::make_shared<const domain::Principal>(Ann()), nullptr};

  std::future<absl::StatusOr<domain::Decision>> Ask(std::string text) {
    auto answer = std::make_shared<std::promise<absl::StatusOr<domain::Decision>>>();
    auto future = answer->get_future();
    decider.Decide(
        call, {"openai", std::make_shared<const domain::Prompt>(UserSays(std::move(text)))},
        clock.Now() + absl::Seconds(5), [answer](absl::StatusOr<domain::Decision> decision) {
          answer->set_value(std::move(decision));
        });
    return future;
  }
  static bool Answered(const std::future<absl::StatusOr<domain::Decision>>& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
};

const std::string kLarge(LocalPolicyDecider::kInlineBytes + 1, 'x');

TEST_CASE("LocalPolicyDecider: without a snapshot nothing is decided", "[policy]") {
  Fixture fixture;
  const auto decision = fixture.Ask("hello").get();
  CHECK(decision.status().code() == absl::StatusCode::kUnavailable);
  CHECK(fixture.observed.empty());
}

TEST_CASE("LocalPolicyDecider: an ordinary prompt is decided before Decide returns", "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("everyone")})).ok());
  auto answer = fixture.Ask("hello");
  REQUIRE(Fixture::Answered(answer));
  CHECK(answer.get()->policy == "everyone");
  CHECK(fixture.observed == std::vector<std::string>{"everyone"});
}

TEST_CASE("LocalPolicyDecider: a large prompt is decided on the pool", "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("everyone")})).ok());
  Blocker blocker(fixture.pool);
  auto answer = fixture.Ask(kLarge);
  CHECK_FALSE(Fixture::Answered(answer));
  blocker.Release();
  CHECK(answer.get()->policy == "everyone");
}

TEST_CASE("LocalPolicyDecider: a full queue refuses a large prompt instead of waiting",
          "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("everyone")})).ok());
  Blocker blocker(fixture.pool);
  auto queued = fixture.Ask(kLarge);
  CHECK(fixture.Ask(kLarge).get().status().code() == absl::StatusCode::kResourceExhausted);
  blocker.Release();
  CHECK(queued.get().ok());
}

TEST_CASE("LocalPolicyDecider: a prompt that waited past its deadline is not decided", "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("everyone")})).ok());
  Blocker blocker(fixture.pool);
  auto answer = fixture.Ask(kLarge);
  fixture.clock.Advance(absl::Seconds(5));
  blocker.Release();
  CHECK(answer.get().status().code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("LocalPolicyDecider: a failing engine is an error and is not counted", "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({When(Allow("a"), Keywords("hipaa"))})).ok());
  fixture.engine.scan_failure = absl::InternalError("scratch space");
  CHECK(fixture.Ask("hello").get().status().code() == absl::StatusCode::kInternal);
  CHECK(fixture.observed.empty());
}

TEST_CASE("SnapshotHolder: a draft that does not compile leaves the served set unchanged",
          "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("good")})).ok());
  const auto bad = MakeSet({When(Deny("bad"), Pattern("(?=x)"))});
  CHECK_FALSE(fixture.holder.Validate(bad).ok());
  CHECK_FALSE(fixture.holder.Serve(bad).ok());
  CHECK(fixture.Ask("hello").get()->policy == "good");
}

TEST_CASE("SnapshotHolder: a validated draft is not served yet", "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("old")})).ok());
  REQUIRE(fixture.holder.Validate(MakeSet({Allow("new")})).ok());
  CHECK(fixture.Ask("hello").get()->policy == "old");
}

TEST_CASE("SnapshotHolder: serving a validated draft does not compile it again", "[policy]") {
  Fixture fixture;
  const auto draft = MakeSet({When(Allow("a"), Keywords("hipaa"))});
  REQUIRE(fixture.holder.Validate(draft).ok());
  REQUIRE(fixture.holder.Serve(draft).ok());
  CHECK(fixture.engine.compilations == 1);
  CHECK(fixture.holder.Current()->resources == draft);
}

TEST_CASE("SnapshotHolder: another set with the draft's version is compiled separately",
          "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Validate(MakeSet({Allow("drafted")})).ok());
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("committed")})).ok());
  CHECK(fixture.Ask("hello").get()->policy == "committed");
}

TEST_CASE("SnapshotHolder: a snapshot in use outlives its replacement", "[policy]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("old")})).ok());
  const auto held = fixture.holder.Current();
  auto replaced = std::async(std::launch::async, [&] {
    absl::Status first_failure;
    for (int i = 0; i < 50; ++i)
      first_failure.Update(fixture.holder.Serve(MakeSet({Allow("new")})));
    return first_failure;
  });
  for (int i = 0; i < 50; ++i) {
    const auto current = fixture.holder.Current();
    REQUIRE(current->policies.size() == 1);
  }
  CHECK(replaced.get().ok());
  CHECK(held->policies.at(0).source->name == "old");
  CHECK(fixture.holder.Current()->policies.at(0).source->name == "new");
}

}  // namespace
}  // namespace countersign::policy::rules
