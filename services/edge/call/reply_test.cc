#include "services/edge/call/reply.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"
#include "libs/async/testing/manual_executor.h"
#include "libs/dialects/dialects.h"
#include "services/edge/testing/fake_caller_connection.h"

namespace countersign::edge::call {
namespace {

struct Fixture {
  absl::Status Run(async::Awaitable<absl::Status> work) {
    const std::optional<absl::Status> status = executor.Run(std::move(work));
    REQUIRE(status.has_value());
    return *status;
  }

  async::testing::ManualExecutor executor;
  testing::FakeCallerConnection caller{executor};
  Reply reply{caller, dialects::DefaultDialect(), "req_1"};
};

TEST_CASE("Reply: every head has the request's id, and session and review once known", "[edge]") {
  {
    Fixture f;
    CHECK(f.Run(f.reply.SendJson(201, "{}")).ok());
    CHECK(f.caller.status() == 201);
    CHECK(f.caller.body() == "{}");
    CHECK(f.caller.header("content-type") == "application/json");
    CHECK(f.caller.header_count("x-request-id") == 1);
    CHECK(f.caller.header("x-request-id") == "req_1");
    CHECK(f.caller.header_count("x-countersign-session") == 0);
    CHECK(f.caller.header_count("x-countersign-review") == 0);
  }
  Fixture f;
  f.reply.SetSession("s-1");
  f.reply.SetReview("r-1");
  CHECK(f.Run(f.reply.Begin(200, {})).ok());
  CHECK(f.caller.header("x-countersign-session") == "s-1");
  CHECK(f.caller.header("x-countersign-review") == "r-1");
}

TEST_CASE("Reply: a dialect's own header and errors have the request's id, too", "[edge]") {
  Fixture f;
  f.reply.SetDialect(*dialects::FindDialect(domain::Protocol::kAnthropic));
  CHECK(f.Run(f.reply.SendError(dialects::MakeCallerError("not_found", "no"))).ok());
  CHECK(f.caller.header("x-request-id") == "req_1");
  CHECK(f.caller.header("request-id") == "req_1");
  CHECK(f.caller.body() ==
        R"({"type":"error","error":{"type":"not_found_error","message":"no","code":"not_found"},)"
        R"("request_id":"req_1"})");
}

TEST_CASE("Reply: an error before a stream is a whole reply with the headers that clients use",
          "[edge]") {
  Fixture f;
  dialects::CallerError error = dialects::MakeCallerError("unavailable", "closed");
  error.final = true;
  error.retry_after = absl::Milliseconds(1200);
  error.review_id = "r-1";
  CHECK(f.Run(f.reply.SendError(error)).ok());
  CHECK(f.caller.status() == 503);
  CHECK(f.caller.header("retry-after") == "2");
  CHECK(f.caller.header("x-should-retry") == "false");
  CHECK(f.caller.header("x-countersign-review") == "r-1");
  CHECK(f.caller.header_count("www-authenticate") == 0);
  CHECK(f.caller.body() == dialects::DefaultDialect().FormatError(error));
}

TEST_CASE("Reply: an unauthenticated caller is asked for a credential", "[edge]") {
  Fixture f;
  CHECK(f.Run(f.reply.SendError(dialects::MakeCallerError("unauthenticated", "no"))).ok());
  CHECK(f.caller.status() == 401);
  CHECK(f.caller.header("www-authenticate") == "Bearer");
}

TEST_CASE("Reply: an error in a stream is sent in-band, and the stream ends regularly", "[edge]") {
  Fixture f;
  CHECK_FALSE(f.reply.streaming());
  CHECK(f.Run(f.reply.Begin(200, {})).ok());
  CHECK(f.reply.streaming());
  const dialects::CallerError error = dialects::MakeCallerError("unavailable", "closed");
  CHECK(f.Run(f.reply.SendError(error)).ok());
  CHECK(f.caller.status() == 200);
  CHECK(f.caller.finished());
  CHECK(f.caller.body() == f.reply.InBandError(error));
}

TEST_CASE("Reply: an error in a stream has the form of the call's operation", "[edge]") {
  Fixture f;
  f.reply.SetOperation("responses");
  f.reply.SetNextNumber(7);
  CHECK(f.Run(f.reply.Begin(200, {})).ok());
  const dialects::CallerError error = dialects::MakeCallerError("unavailable", "closed");
  CHECK(f.Run(f.reply.SendError(error)).ok());
  CHECK(f.caller.body() ==
        dialects::DefaultDialect().WriteErrorEvent(error, dialects::StreamPlace{"responses", 7}));
}

TEST_CASE("Reply: a stream has a content type, and neither caches nor proxies keep it", "[edge]") {
  Fixture f;
  CHECK(f.Run(f.reply.Begin(200, {})).ok());
  CHECK(f.caller.header("content-type") == "text/event-stream; charset=utf-8");
  CHECK(f.caller.header("cache-control") == "no-cache");
  CHECK(f.caller.header("x-accel-buffering") == "no");
  Fixture typed;
  const dialects::HeaderList headers = {{"content-type", "text/event-stream"},
                                        {"cache-control", "no-store"}};
  CHECK(typed.Run(typed.reply.Begin(200, headers)).ok());
  CHECK(typed.caller.header_count("content-type") == 1);
  CHECK(typed.caller.header("content-type") == "text/event-stream");
  CHECK(typed.caller.header_count("cache-control") == 1);
}

TEST_CASE("Reply: the first keep-alive begins the stream", "[edge]") {
  Fixture f;
  CHECK(f.Run(f.reply.SendKeepAlive()).ok());
  CHECK(f.reply.streaming());
  CHECK(f.Run(f.reply.SendKeepAlive()).ok());
  CHECK(f.caller.begin.calls() == 1);
  CHECK(f.caller.pieces() == std::vector<std::string>{": waiting\n\n", ": waiting\n\n"});
}

TEST_CASE("Reply: a failed write ends the reply", "[edge]") {
  const absl::Status reset = absl::UnavailableError("reset");
  {
    Fixture f;
    f.caller.begin.AlwaysFail(reset);
    CHECK(f.Run(f.reply.SendKeepAlive()) == reset);
    CHECK(f.caller.write.calls() == 0);
  }
  {
    Fixture f;
    f.caller.write.AlwaysFail(reset);
    CHECK(f.Run(f.reply.Begin(200, {})).ok());
    CHECK(f.Run(f.reply.SendError(dialects::MakeCallerError("killed", "stop"))) == reset);
    CHECK(f.caller.finish.calls() == 0);
  }
  Fixture f;
  f.caller.Leave();
  CHECK(absl::IsCancelled(f.Run(f.reply.SendJson(200, "{}"))));
}

TEST_CASE("Reply: whole errors can have another form, in-band errors have the dialect's",
          "[edge]") {
  const auto format = [](const dialects::CallerError& error) { return "<" + error.code + ">"; };
  Fixture f;
  f.reply.FormatErrorsWith(format);
  CHECK(f.Run(f.reply.SendError(dialects::MakeCallerError("not_found", "no"))).ok());
  CHECK(f.caller.body() == "<not_found>");
}

TEST_CASE("Reply: an error in a stream of an RPC is not written there", "[edge]") {
  Fixture f;
  f.reply.KeepErrorsOutOfBand();
  CHECK(f.Run(f.reply.Begin(200, {})).ok());
  const auto error = dialects::MakeCallerError("killed", "stop");
  CHECK(f.reply.InBandError(error).empty());
  CHECK(f.Run(f.reply.SendError(error)).ok());
  CHECK(absl::StrJoin(f.caller.pieces(), "").empty());
  CHECK(f.reply.error()->code == "killed");
}

}  // namespace
}  // namespace countersign::edge::call
