#include "services/session_recorder/audit/session_reader.h"

#include <catch2/catch.hpp>

#include "services/session_recorder/testing/live_sessions_fixture.h"

namespace countersign::session_recorder::audit {
namespace {

// Sessions numbered from the oldest, one second apart.
struct Recorded {
  void Record(int number, const std::string& prompt,
              const std::vector<domain::SessionEvent>& events = {}) {
    const auto session = recorder.Open(TestStart(TestId(number), prompt));
    REQUIRE(session.ok());
    if (!events.empty()) REQUIRE(recorder.Append(*session, events).ok());
    REQUIRE(recorder.End(*session).ok());
    recorder.clock.Advance(absl::Seconds(1));
  }
  SessionReader::Page Search(const std::string& text, std::size_t page_size = 0,
                             const std::string& token = "") {
    SessionReader::Query query;
    query.text = text;
    query.page_size = page_size;
    query.page_token = token;
    const auto page = reader.List(query);
    REQUIRE(page.ok());
    return *page;
  }

  store::MemoryRecordStore store;
  TestRecorder recorder{store};
  SessionReader reader{store, recorder.keys,
                       crypto::PageTokens(SecretString("secret"), recorder.random)};
};

TEST_CASE("SessionReader: a search that is not over has a token and says how far it came",
          "[session_recorder]") {
  Recorded recorded;
  recorded.Record(1, "the needle");
  const absl::Time first_of_others = recorded.recorder.clock.Now();
  for (int n = 2; n <= 2101; ++n) recorded.Record(n, "hay");
  const auto first = recorded.Search("needle");
  CHECK(first.rows.empty());
  CHECK(first.searched == 2000);
  CHECK(first.searched_back_to == first_of_others + absl::Seconds(100));
  REQUIRE_FALSE(first.next_page_token.empty());
  const auto second = recorded.Search("needle", 0, first.next_page_token);
  REQUIRE(second.rows.size() == 1);
  CHECK(second.rows[0].id == TestId(1));
  CHECK(second.searched == 101);
  CHECK(second.next_page_token.empty());
}

TEST_CASE("SessionReader: pages of a search joined are all that match, each once",
          "[session_recorder]") {
  Recorded recorded;
  for (int n = 1; n <= 30; ++n) {
    if (n % 10 == 7) {  // of many events: read on its own
      recorded.Record(n, "hay", {DataEvent(std::string(5 << 20, 'x')), DataEvent("a needle")});
    } else {
      recorded.Record(n, n % 3 == 0 ? "needle" : "hay");
    }
  }
  std::vector<std::string> found;
  std::string token;
  do {
    const auto page = recorded.Search("NEEDLE", 2, token);
    CHECK(page.rows.size() <= 2);
    for (const SessionRow& row : page.rows) found.push_back(row.id);
    token = page.next_page_token;
  } while (!token.empty());
  std::vector<std::string> expected;
  for (int n = 30; n >= 1; --n) {
    if (n % 10 == 7 || n % 3 == 0) expected.push_back(TestId(n));
  }
  CHECK(found == expected);
}

TEST_CASE("SessionReader: a listing without a text opens nothing and tells nothing of a search",
          "[session_recorder]") {
  Recorded recorded;
  recorded.Record(1, "x");
  const auto page = recorded.Search("");
  CHECK(page.rows.size() == 1);
  CHECK(page.searched == 0);
}

TEST_CASE("SessionReader: one read for many sessions that are searched", "[session_recorder]") {
  Recorded recorded;
  for (int n = 1; n <= 100; ++n) recorded.Record(n, "hay");
  struct CountingStore final : public ForwardingStore {
    using ForwardingStore::ForwardingStore;
    absl::StatusOr<std::vector<std::vector<SealedEvent>>> WholeSessions(
        const std::vector<SessionRow>& sessions, std::size_t max_bytes) override {
      ++reads;
      return ForwardingStore::WholeSessions(sessions, max_bytes);
    }
    absl::StatusOr<std::vector<SealedEvent>> Events(const SessionRow& session, std::uint32_t after,
                                                    std::size_t max_events,
                                                    std::size_t max_bytes) override {
      ++reads;
      return ForwardingStore::Events(session, after, max_events, max_bytes);
    }
    int reads = 0;
  } store(recorded.store);
  SessionReader reader(store, recorded.recorder.keys,
                       crypto::PageTokens(SecretString("secret"), recorded.recorder.random));
  SessionReader::Query query;
  query.text = "needle";
  CHECK(reader.List(query)->searched == 100);
  CHECK(store.reads == 1);
}

}  // namespace
}  // namespace countersign::session_recorder::audit
