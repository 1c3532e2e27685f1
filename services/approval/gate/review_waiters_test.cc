#include "services/approval/gate/review_waiters.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "libs/testing/fake_clock.h"

namespace countersign::approval::gate {
namespace {

using domain::ReviewState;
using domain::ReviewStatus;

ReviewStatus Pending(const std::string& id) {
  return {id, ReviewState::kPending, "", absl::InfiniteFuture()};
}
ReviewStatus Settled(const std::string& id, ReviewState state) {
  return {id, state, "why", absl::InfiniteFuture()};
}

// What a held call was answered; outlives any holder of its callback.
struct Answer {
  int answers = 0;
  absl::StatusOr<ReviewStatus> answer = absl::UnknownError("none yet");
};

struct Held {
  std::shared_ptr<Answer> heard = std::make_shared<Answer>();
  int& answers = heard->answers;
  absl::StatusOr<ReviewStatus>& answer = heard->answer;

  domain::Done<ReviewStatus> Done() const {
    return [heard = heard](absl::StatusOr<ReviewStatus> status) {
      ++heard->answers;
      heard->answer = std::move(status);
    };
  }
};

struct Fixture {
  countersign::testing::FakeClock clock;
  Timers timers;
  ReviewWaiters waiters{timers, clock};

  void Hold(const std::string& session, Held& held, absl::Duration time = absl::Minutes(4)) {
    waiters.Wait(Pending("r"), session, clock.Now() + time, held.Done());
  }
  void Pass(absl::Duration time) {
    clock.Advance(time);
    timers.RunDue(clock.Now());
  }
};

}  // namespace

TEST_CASE("ReviewWaiters: every call that waits for a review gets its decision once",
          "[approval]") {
  Fixture test;
  Held first, second, other;
  test.Hold("s1", first);
  test.Hold("s2", second);
  test.waiters.Wait(Pending("another"), "s3", test.clock.Now() + absl::Minutes(4), other.Done());
  test.waiters.Settle(Settled("r", ReviewState::kApproved));
  test.waiters.Settle(Settled("r", ReviewState::kConsumed));
  test.Pass(absl::Minutes(3));
  for (const Held* held : {&first, &second}) {
    REQUIRE(held->answers == 1);
    CHECK(held->answer->state == ReviewState::kApproved);
    CHECK(held->answer->reason == "why");
  }
  CHECK(other.answers == 0);
}

TEST_CASE("ReviewWaiters: at the deadline the answer is PENDING", "[approval]") {
  Fixture test;
  Held held;
  test.Hold("s", held, absl::Minutes(1));
  test.Pass(absl::Minutes(1) - absl::Milliseconds(1));
  CHECK(held.answers == 0);
  test.Pass(absl::Milliseconds(1));
  REQUIRE(held.answers == 1);
  CHECK(held.answer->state == ReviewState::kPending);
  CHECK(held.answer->review_id == "r");
}

TEST_CASE("ReviewWaiters: a status that is still PENDING wakes nobody", "[approval]") {
  Fixture test;
  Held held;
  test.Hold("s", held);
  test.waiters.Settle(Pending("r"));
  CHECK(held.answers == 0);
}

TEST_CASE("ReviewWaiters: a session that leaves is answered and no longer counted", "[approval]") {
  Fixture test;
  Held staying, leaving;
  test.Hold("s1", staying);
  test.Hold("s2", leaving);
  CHECK(test.waiters.Waiting("r") == 2);
  test.waiters.Leave("r", "s2");
  CHECK(leaving.answer.status().code() == absl::StatusCode::kCancelled);
  CHECK(staying.answers == 0);
  CHECK(test.waiters.Waiting("r") == 1);
  CHECK(test.waiters.Waiting("another") == 0);
  test.waiters.Leave("r", "nobody");
  test.waiters.Leave("another", "s1");
  CHECK(test.waiters.Waiting("r") == 1);
}

TEST_CASE("ReviewWaiters: a Wait that arrives after Leave is not held", "[approval]") {
  Fixture test;
  test.waiters.Leave("r", "s");
  Held late;
  test.Hold("s", late);
  REQUIRE(late.answers == 1);
  CHECK(late.answer.status().code() == absl::StatusCode::kCancelled);
  test.waiters.Arrive("r", "s");
  CHECK(test.waiters.Waiting("r") == 0);
  test.Pass(absl::Seconds(30));  // Leave is forgotten after 30 s
  test.waiters.Arrive("r", "s");
  CHECK(test.waiters.Waiting("r") == 1);
}

TEST_CASE("ReviewWaiters: between two waits a session counts for a few seconds", "[approval]") {
  Fixture test;
  test.waiters.Arrive("r", "s");
  CHECK(test.waiters.Waiting("r") == 1);
  Held piece;
  test.Hold("s", piece, absl::Seconds(30));
  test.Pass(absl::Seconds(30));
  CHECK(piece.answers == 1);
  CHECK(test.waiters.Waiting("r") == 1);
  Held next;
  test.Hold("s", next, absl::Seconds(30));
  CHECK(test.waiters.Waiting("r") == 1);
  test.Pass(absl::Seconds(30));
  test.Pass(absl::Seconds(5));
  CHECK(test.waiters.Waiting("r") == 0);
  CHECK(test.waiters.WaitedFor().empty());
}

TEST_CASE("ReviewWaiters: a session's second Wait ends the first", "[approval]") {
  Fixture test;
  Held first, second;
  test.Hold("s", first);
  test.Hold("s", second);
  CHECK(first.answers == 1);
  CHECK(first.answer->state == ReviewState::kPending);
  test.waiters.Settle(Settled("r", ReviewState::kDenied));
  CHECK(first.answers == 1);
  REQUIRE(second.answers == 1);
  CHECK(second.answer->state == ReviewState::kDenied);
}

TEST_CASE("ReviewWaiters: destruction answers the calls that still wait", "[approval]") {
  Held held;
  {
    Fixture test;
    test.Hold("s", held);
  }
  REQUIRE(held.answers == 1);
  CHECK(held.answer.status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("ReviewWaiters: ten thousand held calls need no thread", "[approval]") {
  Fixture test;
  std::vector<Held> held(10'000);
  for (std::size_t i = 0; i < held.size(); ++i) {
    test.waiters.Wait(Pending("r" + std::to_string(i % 100)), std::to_string(i),
                      test.clock.Now() + absl::Seconds(i % 60), held[i].Done());
  }
  CHECK(test.waiters.WaitedFor().size() == 100);
  test.Pass(absl::Seconds(60));
  for (const Held& one : held) CHECK(one.answers == 1);
}

TEST_CASE("Timers: actions run in order of time, and a cancelled one never", "[approval]") {
  countersign::testing::FakeClock clock;
  Timers timers;
  std::string ran;
  timers.At(clock.Now() + absl::Seconds(2), [&] { ran += "b"; });
  timers.At(clock.Now() + absl::Seconds(1), [&] { ran += "a"; });
  const Timers::Id cancelled = timers.At(clock.Now() + absl::Seconds(1), [&] { ran += "x"; });
  CHECK(timers.Cancel(cancelled));
  CHECK_FALSE(timers.Cancel(cancelled));
  timers.RunDue(clock.Now() + absl::Seconds(3));
  CHECK(ran == "ab");
}

TEST_CASE("Timers: the thread runs due actions, also one added later with an earlier time",
          "[approval]") {
  SystemClock clock;
  Timers timers;
  timers.Start(clock);
  timers.At(clock.Now() + absl::Hours(1), [] {});
  std::promise<void> ran;
  timers.At(clock.Now() + absl::Milliseconds(5), [&] { ran.set_value(); });
  CHECK(ran.get_future().wait_for(std::chrono::minutes(2)) == std::future_status::ready);
}

TEST_CASE("WithDeadline: the first answer counts, the second is dropped", "[approval]") {
  countersign::testing::FakeClock clock;
  Timers timers;
  std::vector<std::string> answers;
  const auto collect = [&](absl::StatusOr<int> answer) {
    answers.push_back(answer.ok() ? std::to_string(*answer)
                                  : absl::StatusCodeToString(answer.status().code()));
  };
  const absl::Time deadline = clock.Now() + absl::Seconds(1);
  auto prompt = WithDeadline<int>(timers, deadline, collect);
  auto late = WithDeadline<int>(timers, deadline, collect);
  prompt(1);
  timers.RunDue(deadline);
  late(2);
  CHECK(answers == std::vector<std::string>{"1", "DEADLINE_EXCEEDED"});
}

}  // namespace countersign::approval::gate
