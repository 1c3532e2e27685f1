// Calls that a proxy holds while reviewers decide.

#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"
#include "services/edge/ext_proc/testing/proxy_fixture.h"

namespace countersign::edge::ext_proc {
namespace {

using Fixture = testing::ProxyFixture;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;
using clients::FakeReviewGate;
using domain::Outcome;
using domain::ReviewState;
using edge::testing::kPlainBody;
using edge::testing::kStreamBody;
using testing::Body;
using testing::FakeProxy;
using testing::kFull;
using testing::kWhole;
using testing::Replies;
using testing::Request;
using testing::Response;

TEST_CASE("ext_proc: a call is held in full duplex", "[ext_proc]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Hold();
  FakeProxy& proxy = f.Open(kFull);
  f.Say(proxy, Body(Direction::kRequest, kStreamBody, true));
  f.Advance(absl::Minutes(3));
  CHECK(proxy.TakeReplies().empty());  // also no keep-alives
  SECTION("and goes on when it is approved") {
    f.reviews.wait.Release();
    f.Run();
    CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"),
               StartsWith("> head") && EndsWith("\n> end"));
  }
  SECTION("and ends when its caller leaves") {
    proxy.Close();
    f.Run();
    CHECK(proxy.TakeReplies().empty());
    CHECK(proxy.status() == "1");
    CHECK(f.end().outcome == Outcome::kCancelled);
  }
  SECTION("and ends when the stream is reset") {
    proxy.Reset();
    f.Run();
    CHECK(f.end().outcome == Outcome::kCancelled);
  }
  SECTION("and ends when the proxy answers by itself, which goes on") {
    f.Say(proxy, Response(504, "text/plain"));
    CHECK(proxy.TakeReplies().empty());
    CHECK(proxy.status() == "0");
    CHECK(f.end().outcome == Outcome::kCancelled);
  }
}

TEST_CASE("ext_proc: a held stream that reviewers deny gets the error's own status", "[ext_proc]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Always([] { return FakeReviewGate::Status(ReviewState::kDenied, "no"); });
  FakeProxy& proxy = f.Open(kFull);
  f.Say(proxy, Body(Direction::kRequest, kStreamBody, true));
  CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"),
             StartsWith("immediate 403") && Contains("review_denied"));
}

TEST_CASE("ext_proc: a filter with whole bodies is asked to wait for the hold", "[ext_proc]") {
  Fixture f;
  f.Review(absl::Minutes(4));
  f.reviews.wait.Hold();
  FakeProxy& proxy = f.NewProxy();
  proxy.request().headers.emplace_back("countersign-hold", "250s");
  f.Open(proxy, Request(kWhole));
  f.Say(proxy, Body(Direction::kRequest, kPlainBody, true));
  CHECK(proxy.TakeReplies() == Replies{"> head", "wait 4m10s"});
  f.reviews.wait.Release();
  f.Run();
  CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"), StartsWith("> body"));
}

TEST_CASE("ext_proc: a hold that does not fit is answered at once, with its review", "[ext_proc]") {
  Fixture f;
  f.Review(absl::Minutes(4));
  f.reviews.wait.Hold();
  FakeProxy& proxy = f.NewProxy();
  Modes modes = kWhole;
  SECTION("nobody says how long the filter waits") {}
  SECTION("it waits for less") { proxy.request().headers.emplace_back("countersign-hold", "239s"); }
  SECTION("it waits for less in full duplex") {
    proxy.request().headers.emplace_back("countersign-hold", "239s");
    modes = kFull;
  }
  f.Open(proxy, Request(modes));
  f.Say(proxy, Body(Direction::kRequest, kPlainBody, true));
  const Replies replies = proxy.TakeReplies();
  CHECK_THAT(replies.back(), StartsWith("immediate 202") && Contains("review-1"));
  CHECK(proxy.status() == "0");
  CHECK(f.end().outcome == Outcome::kReviewPending);
}

}  // namespace
}  // namespace countersign::edge::ext_proc
