#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "libs/json/document.h"
#include "libs/testing/private_postgres.h"
#include "tests/bench/commit_loop.h"
#include "tests/bench/goals.h"
#include "tests/bench/message_reader.h"
#include "tests/bench/mock_upstream.h"
#include "tests/bench/paired_run.h"
#include "tests/bench/process_tree.h"
#include "tests/bench/sse_events.h"

namespace countersign::bench {
namespace {

// A mock that serves on a thread during this object's lifetime.
class RunningMock {
 public:
  explicit RunningMock(const MockUpstream::Options& options) {
    auto mock = MockUpstream::Create(options);
    REQUIRE(mock.ok());
    mock_ = *std::move(mock);
    REQUIRE(pipe(stop_) == 0);
    thread_ = std::thread([this] { status_ = mock_->Run(stop_[0]); });
  }
  ~RunningMock() {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
    CHECK(status_.ok());
  }
  std::uint16_t port() const { return mock_->port(); }

 private:
  std::unique_ptr<MockUpstream> mock_;
  int stop_[2];
  absl::Status status_;
  std::thread thread_;
};

MockUpstream::Options FastStream(int events) {
  MockUpstream::Options options;
  options.events = events;
  options.first = absl::ZeroDuration();
  options.interval = absl::Milliseconds(1);
  return options;
}

std::string ReadBody(const std::string& message, std::size_t step, MessageReader* reader) {
  std::string body;
  for (std::size_t at = 0; at < message.size(); at += step) {
    absl::string_view part = absl::string_view(message).substr(at, step);
    while (!part.empty() && reader->state() != MessageReader::State::kDone) {
      part.remove_prefix(reader->Feed(
          part, [&](absl::string_view bytes) { body.append(bytes.data(), bytes.size()); }));
    }
  }
  return body;
}

TEST_CASE("MessageReader: messages are read alike however they are cut", "[bench]") {
  const std::string plain = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
  const std::string chunked =
      "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\n\r\n";
  for (std::size_t step = 1; step <= chunked.size(); ++step) {
    MessageReader one;
    CHECK(ReadBody(plain, step, &one) == "hello");
    CHECK(one.status() == 200);
    CHECK(one.state() == MessageReader::State::kDone);
    MessageReader two;
    CHECK(ReadBody(chunked, step, &two) == "hello");
    CHECK(two.status() == 503);
    CHECK(two.state() == MessageReader::State::kDone);
  }
}

TEST_CASE("MessageReader: stops at the end of a message", "[bench]") {
  MessageReader reader;
  const absl::string_view two = "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nabPOST";
  CHECK(two.substr(reader.Feed(two, [](absl::string_view) {})) == "POST");
  CHECK(reader.status() == 0);
}

TEST_CASE("Events contain their sending time and text", "[bench]") {
  const std::string event = ContentEvent(123456789, 7, EventText(7));
  const auto seen = ReadContentEvent(event);
  REQUIRE(seen);
  CHECK(seen->sent_ns == 123456789);
  CHECK(seen->index == 7);
  CHECK(seen->content_bytes == static_cast<std::int64_t>(EventText(7).size()));
  CHECK(ReadContentEvent("data: {\"id\":\"x\",\"delta\":{\"content\":\"ab\"}}")->sent_ns == 0);
  CHECK_FALSE(ReadContentEvent("data: [DONE]"));
}

TEST_CASE("Percentile: the value that a share of the values does not exceed", "[bench]") {
  CHECK(Percentile({}, 0.5) == 0);
  CHECK(Percentile({5}, 0.99) == 5);
  CHECK(Percentile({4, 1, 3, 2}, 0.5) == 2);
  CHECK(Percentile({4, 1, 3, 2}, 0.99) == 4);
}

TEST_CASE("RunLoad: plain answers are counted and timed", "[bench]") {
  const RunningMock mock(FastStream(1));
  const auto result = RunLoad({mock.port(), "key", 4, absl::Milliseconds(50), false});
  REQUIRE(result.ok());
  CHECK(result->errors == 0);
  CHECK(result->requests > 4);
  CHECK(result->latency.size() == static_cast<std::size_t>(result->requests));
}

TEST_CASE("RunLoad: every event of a stream is seen, with its delay", "[bench]") {
  const RunningMock mock(FastStream(20));
  const auto result = RunLoad({mock.port(), "key", 3, absl::Milliseconds(1), true});
  REQUIRE(result.ok());
  CHECK(result->errors == 0);
  CHECK(result->requests == 3);
  CHECK(result->events == 60);
  CHECK(result->text_delay.size() == 60);
  CHECK(Percentile(result->event_delay, 0.5) > 0);
  CHECK(Percentile(result->latency, 0.5) >= 19'000'000);
}

TEST_CASE("RunLoad: an error without a listener", "[bench]") {
  std::uint16_t port = 0;
  {
    const auto listener = Listen(0);
    port = *GetPort(*listener);
  }
  CHECK_FALSE(RunLoad({port, "", 1, absl::Milliseconds(10), false}).ok());
}

TEST_CASE("MeasureUse: this process has used CPU time and memory", "[bench]") {
  const ProcessUse use = MeasureUse({getpid()}, true);
  CHECK(use.processes >= 1);
  CHECK(use.memory_bytes > 1 << 20);
  CHECK(MeasureUse({}, true).processes == 0);
}

TEST_CASE("MeasureUse: processes that start or end meanwhile are no failure", "[bench]") {
  std::atomic<bool> done{false};
  std::thread forks([&] {
    while (!done) {
      const pid_t child = fork();
      if (child == 0) _exit(0);
      if (child > 0) waitpid(child, nullptr, 0);
    }
  });
  for (int i = 0; i < 30; ++i) CHECK(MeasureUse({getpid()}, true).processes >= 1);
  done = true;
  forks.join();
}

TEST_CASE("RunPaired: every target is measured in every scenario, and reported", "[bench]") {
  const RunningMock mock(FastStream(3));
  PairedOptions options;
  options.rounds = 2;
  options.warm_up = absl::Milliseconds(5);
  options.targets = {{"direct", mock.port(), {}}, {"again", mock.port(), {getpid()}}};
  options.scenarios = {{"plain", false, 2, absl::Milliseconds(20)},
                       {"stream", true, 2, absl::Milliseconds(20)}};
  const auto results = RunPaired(options);
  REQUIRE(results.ok());
  for (const auto& scenario : results->measured) {
    for (const Measured& measured : scenario) {
      CHECK(measured.load.requests > 0);
      CHECK(measured.requests_per_second.size() == 2);
    }
  }
  CHECK(absl::StrContains(Table(options, *results), "direct"));
  const auto json = json::Document::Parse(Json(options, *results));
  CHECK(json.ok());
}

TEST_CASE("RunLoad: a target may have its own headers", "[bench]") {
  const RunningMock mock(FastStream(1));
  const auto result =
      RunLoad({mock.port(), "key", 1, absl::Milliseconds(5), false, "x-one: 1\r\nx-two: 2\r\n"});
  REQUIRE(result.ok());
  CHECK(result->errors == 0);
}

TEST_CASE("CommitLoop: commits are timed one by one", "[bench][pg]") {
  const auto loop = CommitLoop::Create(testing::PrivatePostgres::Shared().FreshDatabase());
  INFO(loop.status().ToString());
  REQUIRE(loop.ok());
  REQUIRE((*loop)->Run(absl::Milliseconds(20)).ok());
  REQUIRE((*loop)->Run(absl::Milliseconds(20)).ok());
  CHECK((*loop)->latency().size() >= 2);
  CHECK(Percentile((*loop)->latency(), 0.5) > 0);
}

TEST_CASE("Goals: ratios of figures from one run", "[bench]") {
  PairedOptions options;
  options.targets = {{"nginx"}, {"countersign"}, {"portkey"}};
  options.scenarios = {{"latency", false, 1}, {"throughput", false, 16}, {"stream", true, 8}};
  Results results;
  results.measured.assign(3, std::vector<Measured>(3));
  const auto set = [&](int target, std::int64_t cpu_us, std::int64_t database_us) {
    Measured& measured = results.measured[1][target];
    measured.load.requests = 10;
    measured.cpu_us = cpu_us;
    measured.database_cpu_us = database_us;
  };
  set(0, 100, 0);
  set(1, 2'000, 1'200);
  set(2, 6'000, 0);
  results.measured[0][1].load.latency = {2'400'000};
  results.commits = {500'000};
  const std::vector<Goal> goals = Goals(options, results);
  REQUIRE(goals.size() == 4);
  CHECK(goals[0].value == Approx(20));
  CHECK(goals[0].reached());
  CHECK(goals[1].value == Approx(8));
  CHECK(goals[2].value == Approx(4));
  CHECK_FALSE(goals[2].reached());
  CHECK(goals[3].value == Approx(3));
  CHECK_FALSE(goals[3].reached());
  CHECK(absl::StrContains(GoalTable(goals), "not reached"));
  options.targets = {{"direct"}};
  CHECK(Goals(options, results).empty());
}

}  // namespace
}  // namespace countersign::bench
