#include "services/session_recorder/audit/text_indexer.h"

#include <catch2/catch.hpp>

#include "services/session_recorder/audit/session_reader.h"
#include "services/session_recorder/testing/archive.h"

namespace countersign::session_recorder::audit {
namespace {

// Counts the sessions that are opened.
struct OpeningStore final : public ForwardingStore {
  using ForwardingStore::ForwardingStore;
  absl::StatusOr<std::vector<std::vector<SealedEvent>>> WholeSessions(
      const std::vector<SessionRow>& sessions, std::size_t max_bytes) override {
    auto events = ForwardingStore::WholeSessions(sessions, max_bytes);
    if (events.ok()) opened += events->size();
    return events;
  }
  std::size_t opened = 0;
};

struct Indexed {
  void Record(int number, const std::string& prompt,
              const std::vector<domain::SessionEvent>& events = {}, bool end = true) {
    const auto session = archive.recorder.Open(TestStart(TestId(number), prompt));
    REQUIRE(session.ok());
    if (!events.empty()) REQUIRE(archive.recorder.Append(*session, events).ok());
    if (end) REQUIRE(archive.recorder.End(*session).ok());
    archive.recorder.clock.Advance(absl::Seconds(1));
  }
  void Index() {
    REQUIRE(archive.checkpointer.Force().ok());
    REQUIRE(indexer.Tick().ok());
  }
  std::vector<std::string> Search(const std::string& text) {
    SessionReader::Query query;
    query.text = text;
    std::vector<std::string> found;
    do {
      const auto page = reader.List(query);
      REQUIRE(page.ok());
      for (const SessionRow& row : page->rows) found.push_back(row.id);
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    return found;
  }

  Archive archive{0};
  OpeningStore store{archive.store};
  TextIndexer indexer{archive.store, archive.recorder.keys};
  SessionReader reader{store, archive.recorder.keys,
                       crypto::PageTokens(SecretString("secret"), archive.recorder.random)};
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("TextIndexer: a search opens only the sessions that may have the text",
          "[session_recorder]") {
  Indexed test;
  for (int n = 1; n <= 300; ++n) {
    test.Record(n, n == 7 ? "the quarterly zebra" : "an ordinary prompt");
  }
  test.Record(301, "hay",
              {DataEvent("data: {\"delta\":{\"content\":\"quarterly ZE\"}}\n\n"),
               DataEvent("data: {\"delta\":{\"content\":\"bra\"}}\n\n")});
  test.Index();
  CHECK(test.Search("Quarterly Zebra") == Ids{TestId(301), TestId(7)});
  CHECK(test.store.opened == 2);
  test.store.opened = 0;
  CHECK(test.Search("nowhere to be found").empty());
  CHECK(test.store.opened == 0);
  CHECK(test.Search("ze").size() == 2);  // too short for the filters
  CHECK(test.store.opened == 301);
}

TEST_CASE("TextIndexer: sessions without a filter are opened", "[session_recorder]") {
  Indexed test;
  test.Record(1, "the needle");
  test.Index();
  test.Record(2, "the needle");                     // ended, not indexed yet
  test.Record(3, "the needle", {}, /*end=*/false);  // running
  CHECK(test.Search("the needle") == Ids{TestId(3), TestId(2), TestId(1)});
  REQUIRE(test.archive.checkpointer.Force().ok());
  CHECK(test.Search("the needle").size() == 3);
  REQUIRE(test.indexer.Tick().ok());
  CHECK_FALSE(test.archive.store.sessions().at(TestId(2)).text_filter.empty());
  CHECK(test.archive.store.sessions().at(TestId(3)).text_filter.empty());
  CHECK(test.Search("the needle").size() == 3);
}

TEST_CASE("TextIndexer: goes on where it stopped, and past what cannot be opened",
          "[session_recorder]") {
  Indexed test;
  for (int n = 1; n <= 2'300; ++n) test.Record(n, "hay");
  test.archive.Row(5).data_key.bytes = "gone";
  REQUIRE(test.archive.checkpointer.Force().ok());
  const auto filtered = [&] {
    std::size_t count = 0;
    for (const auto& [id, session] : test.archive.store.sessions()) {
      count += session.text_filter.empty() ? 0 : 1;
    }
    return count;
  };
  REQUIRE(test.indexer.Tick().ok());
  CHECK(filtered() == 1'999);
  TextIndexer restarted(test.archive.store, test.archive.recorder.keys);
  REQUIRE(restarted.Tick().ok());
  CHECK(filtered() == 2'299);
  REQUIRE(restarted.Tick().ok());
  CHECK(filtered() == 2'299);
  CHECK(test.Search("hay").size() == 2'299);  // nobody can open the other
}

}  // namespace countersign::session_recorder::audit
