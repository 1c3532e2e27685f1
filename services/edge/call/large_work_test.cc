#include "services/edge/call/large_work.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call {
namespace {

using testing::CallFixture;
using testing::OneCall;

constexpr std::size_t kLarge = kMostInlineBytes + 1;

using Result = std::optional<absl::StatusOr<bool>>;

async::Awaitable<bool> Store(async::Awaitable<absl::StatusOr<bool>> work,
                             std::shared_ptr<Result> result) {
  result->emplace(co_await std::move(work));
  co_return true;
}

// An event that a thread of the pool waits for.
class Gate {
 public:
  void Open() { opened_.set_value(); }
  bool Wait() const {
    return future_.wait_for(std::chrono::minutes(2)) == std::future_status::ready;
  }

 private:
  std::promise<void> opened_;
  const std::shared_future<void> future_ = opened_.get_future().share();
};

std::string LargeBody() {
  return absl::StrCat(R"({"model":"gpt-4o","messages":[{"role":"user","content":")",
                      std::string(kLarge, 'x'), R"("}]})");
}

TEST_CASE("RunLargeWork: a small body is parsed on the network thread", "[edge]") {
  CallFixture f;
  OneCall& call = f.NewCall();
  std::thread::id thread;
  const auto work = [&thread]() -> absl::StatusOr<bool> {
    thread = std::this_thread::get_id();
    return true;
  };
  CHECK(call.Run(RunLargeWork(call.context, kMostInlineBytes, work))->value());
  CHECK(thread == std::this_thread::get_id());
}

TEST_CASE("RunLargeWork: while a large body is parsed, the network thread serves others",
          "[edge]") {
  CallFixture f;
  OneCall& large = f.NewCall();
  Gate others_served;
  const auto work = [&others_served]() -> absl::StatusOr<bool> { return others_served.Wait(); };
  const auto result = std::make_shared<Result>();
  f.executor.Run(Store(RunLargeWork(large.context, kLarge, work), result));
  CHECK_FALSE(result->has_value());
  f.upstream.Answer(200, "application/json", {testing::kPlainAnswer});
  OneCall& small = f.StartCall();  // the whole call
  CHECK(small.ended());
  CHECK(small.caller.status() == 200);
  CHECK_FALSE(result->has_value());
  others_served.Open();
  while (!result->has_value()) f.Run();
  CHECK(result->value().value());
}

TEST_CASE("RunLargeWork: a call that is cancelled does not wait for its body", "[edge]") {
  CallFixture f;
  OneCall& call = f.NewCall();
  const auto gate = std::make_shared<Gate>();
  const auto work = [gate]() -> absl::StatusOr<bool> { return gate->Wait(); };
  const auto result = std::make_shared<Result>();
  f.executor.Run(Store(RunLargeWork(call.context, kLarge, work), result));
  call.caller.Leave();
  f.Run();
  REQUIRE(result->has_value());
  CHECK(absl::IsCancelled(result->value().status()));
  gate->Open();
}

TEST_CASE("A large prompt is parsed off the network thread, and answered like any other",
          "[edge]") {
  CallFixture f;
  const auto gate = std::make_shared<Gate>();
  REQUIRE(f.body_pool.TrySubmit([gate] { gate->Wait(); }));
  OneCall& large = f.StartCall(LargeBody());
  CHECK_FALSE(large.ended());
  for (int i = 0; i < 2; ++i) {
    f.upstream.Answer(200, "application/json", {testing::kPlainAnswer, ""});
  }
  CHECK(f.StartCall().ended());
  gate->Open();
  while (!large.ended()) f.Run();
  CHECK(large.caller.status() == 200);
  CHECK(f.upstream.sent().back().body == LargeBody());
}

TEST_CASE("A large answer is parsed off the network thread", "[edge]") {
  CallFixture f;
  const std::string answer =
      absl::StrCat(R"({"choices":[{"index":0,"message":{"content":")", std::string(kLarge, 'y'),
                   R"("},"finish_reason":"stop"}]})");
  f.upstream.Answer(200, "application/json", {answer});
  const auto gate = std::make_shared<Gate>();
  REQUIRE(f.body_pool.TrySubmit([gate] { gate->Wait(); }));
  OneCall& large = f.StartCall();
  CHECK_FALSE(large.ended());
  CHECK(f.StartCall().ended());
  gate->Open();
  while (!large.ended()) f.Run();
  CHECK(large.caller.body() == answer);
}

TEST_CASE("When too many large bodies wait, further ones get a retryable error", "[edge]") {
  CallFixture f;
  const auto gate = std::make_shared<Gate>();
  std::promise<void> running;
  REQUIRE(f.body_pool.TrySubmit([&running, gate] {
    running.set_value();
    gate->Wait();
  }));
  running.get_future().wait();  // the only thread is busy and takes nothing more from the queue
  while (f.body_pool.TrySubmit([gate] { gate->Wait(); })) {
  }
  OneCall& call = f.StartCall(LargeBody());
  REQUIRE(call.ended());
  CHECK(call.caller.status() == 503);
  CHECK(call.code() == "unavailable");
  CHECK_FALSE(call.caller.header("retry-after").empty());
  f.upstream.Answer(200, "application/json", {testing::kPlainAnswer});
  CHECK(f.StartCall().caller.status() == 200);  // small ones continue
  gate->Open();
}

}  // namespace
}  // namespace countersign::edge::call
