#include "services/authn/revocation/revocation_feed.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>
#include <vector>

namespace countersign::authn::revocation {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(20);

}  // namespace

TEST_CASE("RevocationFeed: publishing without listeners does not wait", "[authn]") {
  RevocationFeed feed;
  CHECK(feed.PublishAndWait(absl::Hours(1)));
}

TEST_CASE("RevocationFeed: a cache in the same process is empty when publishing returns",
          "[authn]") {
  RevocationFeed feed;
  int flushed = 0;
  const auto subscription = feed.SubscribeDirectly([&] { ++flushed; });
  CHECK(feed.PublishAndWait(absl::Seconds(60)));
  CHECK(feed.PublishAndWait(absl::Seconds(60)));
  CHECK(flushed == 2);
}

TEST_CASE("RevocationFeed: publishing waits for every acknowledgement", "[authn]") {
  RevocationFeed feed;
  std::vector<std::uint64_t> first_heard;
  std::promise<std::uint64_t> second_heard;
  const auto first = feed.Subscribe([&](std::uint64_t s) { first_heard.push_back(s); });
  const auto second = feed.Subscribe([&](std::uint64_t s) { second_heard.set_value(s); });
  auto published =
      std::async(std::launch::async, [&] { return feed.PublishAndWait(absl::Seconds(60)); });
  const std::uint64_t sequence = second_heard.get_future().get();
  CHECK(first_heard == std::vector<std::uint64_t>{sequence});
  first->Acknowledge(sequence);
  CHECK(published.wait_for(std::chrono::milliseconds(5)) == std::future_status::timeout);
  second->Acknowledge(sequence);
  CHECK(published.get());
}

TEST_CASE("RevocationFeed: a listener that does not acknowledge is waited for until the timeout",
          "[authn]") {
  RevocationFeed feed;
  const auto silent = feed.Subscribe([](std::uint64_t) {});
  CHECK_FALSE(feed.PublishAndWait(kShort));
}

TEST_CASE("RevocationFeed: a listener that leaves is not waited for", "[authn]") {
  RevocationFeed feed;
  std::promise<void> heard;
  auto leaving = feed.Subscribe([&](std::uint64_t) { heard.set_value(); });
  auto published =
      std::async(std::launch::async, [&] { return feed.PublishAndWait(absl::Seconds(60)); });
  heard.get_future().wait();
  leaving.reset();
  CHECK(published.get());
}

TEST_CASE("RevocationFeed: an acknowledgement of an unpublished sequence does not count later",
          "[authn]") {
  RevocationFeed feed;
  const auto hasty = feed.Subscribe([](std::uint64_t) {});
  hasty->Acknowledge(~std::uint64_t{0});
  CHECK_FALSE(feed.PublishAndWait(kShort));
}

TEST_CASE("RevocationFeed: a new subscriber need not acknowledge earlier revocations", "[authn]") {
  RevocationFeed feed;
  const auto silent = feed.Subscribe([](std::uint64_t) {});
  CHECK_FALSE(feed.PublishAndWait(kShort));
  std::vector<std::uint64_t> heard;
  const auto late = feed.Subscribe([&](std::uint64_t s) { heard.push_back(s); });
  CHECK(late->start() == 1);
  CHECK(heard.empty());
}

TEST_CASE("RevocationFeed: publishers on many threads reach listeners in order", "[authn]") {
  RevocationFeed feed;
  std::vector<std::uint64_t> heard;  // listeners are called by one publisher at a time
  RevocationFeed::Subscription* self = nullptr;
  const auto subscription = feed.Subscribe([&](std::uint64_t s) {
    heard.push_back(s);
    self->Acknowledge(s);
  });
  self = subscription.get();
  std::vector<std::thread> publishers;
  std::atomic<int> succeeded{0};
  for (int i = 0; i < 4; ++i) {
    publishers.emplace_back([&] {
      for (int n = 0; n < 50; ++n) succeeded += feed.PublishAndWait(absl::Seconds(60)) ? 1 : 0;
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  CHECK(succeeded == 200);
  REQUIRE(heard.size() == 200);
  for (std::size_t i = 0; i < heard.size(); ++i) CHECK(heard[i] == i + 1);
}

}  // namespace countersign::authn::revocation
