#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/strings/str_replace.h"
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

TEST_CASE("Export: an unfinished export is kept for an hour if there is room",
          "[session_recorder]") {
  Archive archive(0);
  const auto session = archive.recorder.Open(TestStart(TestId(1), std::string(1'200'000, 'x')));
  REQUIRE(archive.recorder.End(*session).ok());
  const auto page = archive.exporter.Begin({}, {});
  REQUIRE(page.ok());
  archive.recorder.clock.Advance(absl::Minutes(59));
  CHECK(archive.exporter.Begin({}, {}).ok());
  CHECK(archive.exporter.Next(page->next_page_token, {}).ok());
  archive.recorder.clock.Advance(absl::Minutes(61));
  CHECK(archive.exporter.Begin({}, {}).ok());
  CHECK(archive.exporter.Next(page->next_page_token, {}).status().code() ==
        absl::StatusCode::kNotFound);
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

TEST_CASE("Export: what is read and kept at once does not grow with the number of sessions",
          "[session_recorder]") {
  constexpr int kSessions = 450;
  Archive archive(0);
  for (int n = 1; n <= kSessions; ++n) {
    const auto session = archive.recorder.Open(TestStart(TestId(n), std::string(8'000, 'x')));
    REQUIRE(session.ok());
    if (n % 9 != 0) REQUIRE(archive.recorder.End(*session).ok());  // the others still run
  }
  struct CountingStore final : public ForwardingStore {
    using ForwardingStore::ForwardingStore;
    absl::StatusOr<std::vector<store::CoveredSession>> CoveredSessions(std::uint64_t from,
                                                                       std::uint64_t checkpoint,
                                                                       std::size_t limit) override {
      auto found = ForwardingStore::CoveredSessions(from, checkpoint, limit);
      most_rows = std::max(most_rows, found->size());
      ++row_reads;
      return found;
    }
    absl::StatusOr<std::vector<std::vector<SealedEvent>>> WholeSessions(
        const std::vector<SessionRow>& sessions, std::size_t max_bytes) override {
      auto found = ForwardingStore::WholeSessions(sessions, max_bytes);
      std::size_t bytes = 0;
      for (const auto& events : *found) {
        for (const SealedEvent& event : events) bytes += event.sealed.size();
      }
      most_bytes = std::max(most_bytes, bytes);
      ++event_reads;
      return found;
    }
    absl::StatusOr<std::vector<SealedEvent>> Events(const SessionRow& session, std::uint32_t after,
                                                    std::size_t max_events,
                                                    std::size_t max_bytes) override {
      ++single_reads;
      return ForwardingStore::Events(session, after, max_events, max_bytes);
    }
    std::size_t most_rows = 0, most_bytes = 0;
    int row_reads = 0, event_reads = 0, single_reads = 0;
  } store(archive.store);
  Exporter exporter(store, archive.recorder.keys, archive.checkpointer, archive.recorder.clock,
                    archive.recorder.random);
  auto page = exporter.Begin({}, {});
  REQUIRE(page.ok());
  CHECK(store.row_reads == 1);  // as far as the first page needs
  std::string file = page->bytes;
  while (!page->next_page_token.empty()) {
    page = exporter.Next(page->next_page_token, {});
    REQUIRE(page.ok());
    file += page->bytes;
  }
  CHECK(store.most_rows <= 200);
  CHECK(store.most_bytes <= 2u << 20);
  CHECK(store.row_reads == 4);    // 200, 200, 50, none
  CHECK(store.event_reads <= 6);  // and not one for each session
  CHECK(store.single_reads == 0);
  const VerifyReport report = Judge(file);
  CHECK(report.intact);
  CHECK(report.sessions.size() == 400);
  CHECK(report.running == 50);
}

TEST_CASE("ScanCanonicalEvent: reads what EventLine writes, and nothing else",
          "[session_recorder]") {
  SealedEvent event;
  event.index = 12;
  event.type = "response.data";
  event.at = absl::FromUnixSeconds(1'790'000'000) + absl::Nanoseconds(5);
  event.sealed = std::string("\0\x01\xff sealed", 10);
  event.hash = std::string(32, '\xab');
  for (std::size_t bytes = 0; bytes < 5; ++bytes) {
    event.sealed.push_back(static_cast<char>(bytes));
    const std::string line = EventLine(TestId(1), event);
    const auto scanned = ScanCanonicalEvent(line);
    REQUIRE(scanned.has_value());
    CHECK(scanned->session_id == TestId(1));
    CHECK(EventLine(scanned->session_id, scanned->event) == line);
    // Whatever is changed, what is accepted is still the one spelling of what was read.
    for (std::size_t at = 0; at < line.size(); ++at) {
      for (const char c : std::string("\0 09aAzZ-_\"\\,:{}+.", 18)) {
        std::string changed = line;
        changed[at] = c;
        const auto other = ScanCanonicalEvent(changed);
        if (other) CHECK(EventLine(other->session_id, other->event) == changed);
        const auto parsed = ParseEvent(changed);
        const bool canonical =
            parsed.ok() && EventLine(parsed->session_id, parsed->event) == changed;
        INFO(changed);
        // No record is from before year 0, and no type of an event needs an escape.
        if (changed.find("\"at\":\"-") == std::string::npos &&
            changed.find('\\') == std::string::npos) {
          CHECK(other.has_value() == canonical);
        }
      }
    }
  }
  const std::string line = EventLine(TestId(1), event);
  for (const std::string& other :
       {line + " ", " " + line, line.substr(0, line.size() - 1), std::string(),
        absl::StrReplaceAll(line, {{"\"index\":12", "\"index\":012"}}),
        absl::StrReplaceAll(line, {{"\"index\":12", "\"index\":4294967296"}}),
        absl::StrReplaceAll(line, {{"\"index\":12", "\"index\":99999999999"}}),
        absl::StrReplaceAll(line, {{"2026-09-", "2026-13-"}}),
        absl::StrReplaceAll(line, {{"response.data", "response\\u002edata"}})}) {
    INFO(other);
    CHECK_FALSE(ScanCanonicalEvent(other).has_value());
  }
}

TEST_CASE("Export: refuses what it may not or cannot give", "[session_recorder]") {
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
