// Adversarial groups 13 to 16 (tests/README.md) through the whole edge, on sockets: answers that
// are coded, arrive in single bytes or break off, and callers that leave, while text is held.

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>

#include "services/edge/testing/edge_testing.h"

namespace countersign::edge {
namespace {

using domain::Outcome;
using testing::Answer;
using testing::Content;
using testing::Fixture;
using testing::kDone;
using testing::kFinished;
using testing::RawClient;
using testing::ScriptedUpstream;

// An answer of this type with these content codings, one field each.
ScriptedUpstream::Behaviour Coded(int status, std::string type, std::vector<std::string> codings,
                                  std::string body) {
  return [=](http::Exchange& exchange) -> async::Awaitable<void> {
    http::ResponseHead head;
    head.status = status;
    head.headers.Add("content-type", type);
    for (const std::string& coding : codings) head.headers.Add("Content-Encoding", coding);
    (void)co_await exchange.Respond(std::move(head), body);
  };
}

// Compressed data may be stored blocks: RFC 1951, section 3.2.4.
const std::string kStored = std::string("\x1f\x8b\x08\0\0\0\0\0\0\3\1\6\0\xf9\xff", 15) + "SECRET";

TEST_CASE("adversarial 13: a coded answer is refused, whatever its coding and header", "[edge]") {
  const std::vector<std::vector<std::string>> codings = {{"gzip"},
                                                         {"br"},
                                                         {"deflate"},
                                                         {"zstd"},
                                                         {"GZip"},
                                                         {"x-gzip"},
                                                         {"aes128gcm"},
                                                         {"identity, gzip"},
                                                         {"identity", "gzip"},
                                                         {"", "br"}};
  const std::vector<std::pair<int, std::string>> answers = {
      {200, "application/json"}, {200, "text/event-stream"}, {400, "text/plain"}};
  for (const auto& coding : codings) {
    for (const auto& [status, type] : answers) {
      Fixture f;
      f.decider.AllowAll("tier1");
      f.upstream.Behave(Coded(status, type, coding, kStored));
      const bool stream = absl::StartsWith(type, "text/event");
      const Answer answer = stream ? f.Stream() : f.Chat();
      CAPTURE(coding, answer.body);
      CHECK(answer.status == 502);
      CHECK(Fixture::Code(answer) == "upstream_protocol");
      CHECK(!absl::StrContains(answer.body, "SECRET"));
      CHECK(answer.Header("content-encoding").empty());
      CHECK(f.End().outcome == Outcome::kUpstreamError);
    }
  }
}

TEST_CASE("adversarial 13: the upstream is asked for no coding, whatever the caller accepts",
          "[edge]") {
  Fixture f;
  f.upstream.Behave(Coded(200, "application/json", {"identity", " Identity "},
                          R"({"choices":[{"index":0,"message":{"content":"ok"}}]})"));
  CHECK(f.Chat("accept-encoding: gzip, br\r\nte: gzip, trailers\r\n").status == 200);
  const http::Headers& sent = f.upstream.received().front().head.headers;
  CHECK(sent.Count("accept-encoding") == 1);
  CHECK(sent.Get("accept-encoding") == "identity");
  CHECK(sent.Count("te") == 0);
}

TEST_CASE("adversarial 13: compressed bytes without a header are not an answer", "[edge]") {
  for (const int status : {200, 502}) {
    Fixture f;
    f.decider.AllowAll("tier1");
    f.upstream.Behave(Coded(status, "application/json", {}, kStored));
    const Answer answer = f.Chat();
    CHECK(!absl::StrContains(answer.body, "SECRET"));
  }
  Fixture f;
  f.decider.AllowAll("tier1");
  f.upstream.Behave(Coded(200, "text/event-stream", {}, "data: " + kStored + "\n\n"));
  const Answer answer = f.Stream();
  CHECK(!absl::StrContains(answer.body, "SECRET"));
  CHECK(absl::StrContains(answer.body, R"("code":"upstream_protocol")"));
}

TEST_CASE("adversarial 13: a stream in chunks of one byte is the same stream", "[edge]") {
  const std::string stream = absl::StrCat(Content("my SEC"), ": still here\r\n\r\n",
                                          Content("RET is SEC"), kFinished, kDone);
  std::string whole;
  for (const bool single : {false, true}) {
    Fixture f;
    f.decider.AllowAll("tier1");
    std::vector<std::string> pieces;
    for (const char byte : stream) pieces.emplace_back(1, byte);
    f.upstream.Behave(ScriptedUpstream::Stream(single ? pieces : std::vector{stream}));
    const Answer answer = f.Stream();
    CHECK(answer.complete);
    if (!single) whole = answer.body;
    CHECK(answer.body == whole);
    CHECK(!absl::StrContains(answer.body, "SECRET"));
    CHECK(f.End().outcome == Outcome::kCompleted);
  }
  CHECK(absl::StrContains(whole, "<S> is "));
}

TEST_CASE("adversarial 13: an answer without a body, or with a status of its own, is an error",
          "[edge]") {
  for (const int status : {204, 205, 206, 299, 600, 999}) {
    Fixture f;
    f.upstream.Behave(Coded(status, "application/json", {}, ""));
    const Answer answer = f.Chat();
    CAPTURE(status);
    CHECK(answer.status == 502);
    CHECK(Fixture::Code(answer) == "upstream_protocol");
    CHECK(f.End().outcome == Outcome::kUpstreamError);
  }
  Fixture f;
  f.upstream.Behave(Coded(200, "application/json", {}, ""));
  CHECK(Fixture::Code(f.Chat()) == "upstream_protocol");
  CHECK(f.End().outcome == Outcome::kUpstreamError);
}

TEST_CASE("adversarial 08: words at a place for media are judged", "[edge]") {
  for (const char* value :
       {"plutonium/ab", "4111111111111111", "data:image/png;base64,plutonium/ab"}) {
    Fixture f;
    f.Call(Fixture::Post(absl::StrCat(
        R"({"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"image_url",)",
        R"("image_url":{"url":")", value, R"("}}]}]})")));
    REQUIRE(f.decider.asked().size() == 1);
    const auto prompt = f.decider.asked().front();
    CAPTURE(value);
    CHECK(std::any_of(prompt->parts.begin(), prompt->parts.end(),
                      [&](const domain::TextPart& part) { return part.text == value; }));
  }
}

TEST_CASE("adversarial 14: held text is dropped when the upstream fails at any byte", "[edge]") {
  const std::string stream = Content("my SEC") + Content("RET and SEC");
  for (std::size_t size = 1; size < stream.size(); size += 23) {
    Fixture f;
    f.decider.AllowAll("tier1");
    f.upstream.Behave(ScriptedUpstream::Stream({stream.substr(0, size)}, size % 2 == 0));
    const Answer answer = f.Stream();
    CAPTURE(size, answer.body);
    CHECK(answer.complete);
    CHECK(!absl::StrContains(answer.body, "SEC"));
    CHECK(!absl::StrContains(answer.body, "[DONE]"));
    CHECK(absl::StrContains(answer.body, R"("code":"upstream_error")"));
    CHECK(f.Recorded() == answer.body);
  }
}

TEST_CASE("adversarial 15: held text of a caller that leaves is not sent and not recorded",
          "[edge]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  testing::Signal left;
  f.upstream.Behave(ScriptedUpstream::Hang(Content("my SEC"), &left));
  {
    RawClient client = f.Connect();
    client.Send(Fixture::Post(Fixture::kStream));
    testing::ReadHead(client);
    CHECK(testing::ReadChunk(client) == Content("my "));  // SEC is held now
  }
  CHECK(left.Wait());
  CHECK(f.End().outcome == Outcome::kCancelled);
  CHECK(f.Recorded() == Content("my "));
}

TEST_CASE("adversarial 15: a caller that stops reading blocks the upstream, and times out",
          "[edge]") {
  EdgeConfig config;
  config.http.write_timeout = absl::Milliseconds(300);
  Fixture f(config);
  f.decider.AllowAll("tier1");
  testing::Signal left;
  std::atomic<std::size_t> written = 0;
  const std::string event = Content(std::string(30'000, 'x') + " SECRET SEC");
  f.upstream.Behave([&](http::Exchange& exchange) -> async::Awaitable<void> {
    http::ResponseHead head;
    head.headers.Add("content-type", "text/event-stream");
    (void)co_await exchange.Begin(std::move(head));
    absl::Status status;
    while (status.ok() && written < (1u << 30)) {
      status = co_await exchange.Write(event);
      written += event.size();
    }
    left.Set();
  });
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kStream));
  CHECK(testing::ReadHead(client).status == 200);
  CHECK(left.Wait());
  CHECK(f.End().outcome == Outcome::kCancelled);
  CHECK(written < (256u << 20));  // bounded by the sockets' buffers
  CHECK(f.Recorded().size() <= written);
  CHECK(!absl::StrContains(f.Recorded(), "SECRET"));
  CHECK(!absl::StrContains(client.ReadAll(), "SECRET"));
}

}  // namespace
}  // namespace countersign::edge
