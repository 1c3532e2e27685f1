#include <catch2/catch.hpp>

#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/testing/archive.h"

namespace countersign::session_recorder::exports {

using domain::Outcome;

TEST_CASE("Export: contains every delivered byte, readable with the disclosed key",
          "[session_recorder]") {
  Archive archive(1);
  std::string delivered;
  SecretString key;
  for (const std::string& line : Lines(archive.Export())) {
    if (LineType(line) == "session") key = SecretString(ParseSession(line)->data_key);
    if (LineType(line) != "event") continue;
    const auto event = ParseEvent(line);
    REQUIRE(event.ok());
    if (event->event.type != "response.data") continue;
    delivered +=
        *domain::ReadResponseDataPayload(*chain::OpenPayload(key, TestId(1), event->event));
  }
  CHECK(delivered == "piece \xc3\xa9more");
}

TEST_CASE("Export: skips running sessions unless named; a truncated session is intact",
          "[session_recorder]") {
  Archive archive(1);
  const auto running = archive.Record(2, /*end=*/false);
  const VerifyReport all = Judge(archive.Export());
  INFO(Describe(all));
  CHECK(all.intact);
  CHECK(all.sessions.size() == 1);
  CHECK(all.running == 1);
  const VerifyReport named = Judge(archive.Export({TestId(2)}));
  INFO(Describe(named));
  CHECK(named.intact);
  REQUIRE(named.sessions.size() == 1);
  CHECK(named.sessions[0].outcome == Outcome::kRunning);
  CHECK(named.sessions[0].events == 4);
  archive.recorder.sessions.Abandon(running);
  archive.recorder.Drain();
  const VerifyReport after = Judge(archive.Export({TestId(2)}));
  INFO(Describe(after));
  CHECK(after.intact);
  CHECK(after.sessions[0].outcome == Outcome::kTruncated);
}

TEST_CASE("Export: a running session is exported as of the checkpoint", "[session_recorder]") {
  Archive archive(0);
  const auto running = archive.recorder.Open(TestStart(TestId(1)));
  REQUIRE(archive.checkpointer.Force().ok());
  // Adds events after the export's checkpoint and before its rows are read.
  struct LateStore final : public ForwardingStore {
    using ForwardingStore::ForwardingStore;
    absl::StatusOr<std::optional<SessionRow>> Find(const std::string& id) override {
      if (late) std::exchange(late, nullptr)();
      return ForwardingStore::Find(id);
    }
    std::function<void()> late;
  } store(archive.store);
  store.late = [&] {
    REQUIRE(archive.recorder.Append(*running, {DecisionEvent(), DataEvent("x")}).ok());
    REQUIRE(archive.recorder.End(*running).ok());
  };
  Exporter exporter(store, archive.recorder.keys, archive.checkpointer, archive.recorder.clock,
                    archive.recorder.random);
  const auto page = exporter.Begin({TestId(1)}, {});
  REQUIRE(page.ok());
  const VerifyReport report = Judge(page->bytes);
  INFO(page->bytes << Describe(report));
  CHECK(report.intact);
  REQUIRE(report.sessions.size() == 1);
  CHECK(report.sessions[0].events == 1);
  CHECK(report.sessions[0].outcome == Outcome::kRunning);
}

TEST_CASE("Export: finished exports make room for new ones, unfinished ones do not",
          "[session_recorder]") {
  Archive archive(0);
  const auto session = archive.recorder.Open(TestStart(TestId(1), std::string(1'200'000, 'x')));
  REQUIRE(archive.recorder.End(*session).ok());
  for (int n = 0; n < 20; ++n) CHECK(Judge(archive.Export()).intact);
  std::vector<std::string> tokens;
  for (int n = 0; n < 16; ++n) {
    const auto page = archive.exporter.Begin({}, {});
    REQUIRE(page.ok());
    tokens.push_back(page->next_page_token);
  }
  CHECK(archive.exporter.Begin({}, {}).status().code() == absl::StatusCode::kResourceExhausted);
  archive.recorder.clock.Advance(absl::Minutes(6));
  CHECK(archive.exporter.Begin({}, {}).ok());
  CHECK(archive.exporter.Next(tokens[0], {}).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("Export: concatenated pages are the file, and a page can be requested again",
          "[session_recorder]") {
  Archive archive(0);
  const auto session = archive.recorder.Open(TestStart(TestId(1)));
  for (int i = 0; i < 30; ++i) {
    REQUIRE(archive.recorder.Append(*session, {DataEvent(std::string(100'000, 'x'))}).ok());
  }
  REQUIRE(archive.recorder.End(*session).ok());
  auto page = archive.exporter.Begin({}, {});
  REQUIRE(page.ok());
  std::string file = page->bytes;
  int pages = 1;
  while (!page->next_page_token.empty()) {
    CHECK(page->bytes.size() <= 1u << 20);
    const std::string token = page->next_page_token;
    page = archive.exporter.Next(token, {});
    REQUIRE(page.ok());
    const auto again = archive.exporter.Next(token, {});
    REQUIRE(again.ok());
    CHECK(again->bytes == page->bytes);
    file += page->bytes;
    ++pages;
  }
  CHECK(pages >= 4);
  CHECK(Judge(file).intact);
}

TEST_CASE("Export: refuses unknown, forbidden and too many sessions", "[session_recorder]") {
  Archive archive(1);
  using Code = absl::StatusCode;
  Exporter& exporter = archive.exporter;
  const std::set<std::string> other{"anthropic"};
  CHECK(exporter.Begin({TestId(9)}, {}).status().code() == Code::kNotFound);
  CHECK(exporter.Begin({"x"}, {}).status().code() == Code::kInvalidArgument);
  CHECK(exporter.Begin({TestId(1)}, {"", other}).status().code() == Code::kPermissionDenied);
  CHECK(exporter.Begin({}, {"", other}).status().code() == Code::kPermissionDenied);
  CHECK(exporter.Begin({TestId(1)}, {"", std::set<std::string>{"openai"}}).ok());
  for (const char* token : {"", "x", "a.b", "a.0", "..", "abc.18446744073709551616"}) {
    INFO(token);
    CHECK(exporter.Next(token, {}).status().code() == Code::kNotFound);
  }
}

}  // namespace countersign::session_recorder::exports
