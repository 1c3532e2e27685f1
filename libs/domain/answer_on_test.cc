#include "libs/domain/answer_on.h"

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace countersign::domain {
namespace {

using Answer = absl::StatusOr<std::string>;

// A pool of one thread and a queue of one, both taken until it is destroyed.
class FullPool {
 public:
  FullPool() {
    REQUIRE(pool_.TrySubmit([this, release = release_.get_future().share()] {
      running_.set_value();
      release.wait();
    }));
    running_.get_future().wait();
    REQUIRE(pool_.TrySubmit([] {}));
  }
  ~FullPool() { release_.set_value(); }
  ThreadPool& pool() { return pool_; }

 private:
  std::promise<void> running_;
  std::promise<void> release_;
  ThreadPool pool_{1, 1};
};

TEST_CASE("AnswerOn: the answer is what the work returned", "[domain]") {
  ThreadPool pool(1, 1);
  std::promise<Answer> answer;
  AnswerOn<std::string>(
      pool, [&answer](Answer result) { answer.set_value(std::move(result)); },
      []() -> Answer { return "done"; }, absl::ResourceExhaustedError("full"));
  CHECK(*answer.get_future().get() == "done");
}

TEST_CASE("AnswerOn: a full queue answers the refusal at once and never runs the work",
          "[domain]") {
  FullPool full;
  bool ran = false;
  std::optional<Answer> answer;
  AnswerOn<std::string>(
      full.pool(), [&answer](Answer result) { answer = std::move(result); },
      [&ran]() -> Answer {
        ran = true;
        return "done";
      },
      absl::ResourceExhaustedError("full"));
  REQUIRE(answer.has_value());
  CHECK(answer->status() == absl::ResourceExhaustedError("full"));
  CHECK_FALSE(ran);
}

TEST_CASE("AnswerOn: work that can only be moved is accepted", "[domain]") {
  ThreadPool pool(1, 1);
  std::promise<Answer> answer;
  AnswerOn<std::string>(
      pool, [&answer](Answer result) { answer.set_value(std::move(result)); },
      [text = std::make_unique<std::string>("moved")]() -> Answer { return *text; },
      absl::ResourceExhaustedError("full"));
  CHECK(*answer.get_future().get() == "moved");
}

TEST_CASE("ContinueOn: the work may keep the callback and answer later", "[domain]") {
  Done<std::string> kept;
  std::optional<Answer> answer;
  {
    ThreadPool pool(1, 1);
    ContinueOn<std::string>(
        pool, [&answer](Answer result) { answer = std::move(result); },
        [&kept](Done<std::string> done) { kept = std::move(done); },
        absl::ResourceExhaustedError("full"));
  }  // The pool has run its accepted work.
  CHECK_FALSE(answer.has_value());
  kept("later");
  REQUIRE(answer.has_value());
  CHECK(**answer == "later");
}

}  // namespace
}  // namespace countersign::domain
