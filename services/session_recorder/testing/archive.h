#pragma once

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/session_recorder/exports/exporter.h"
#include "services/session_recorder/exports/verifier.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/test_recorder.h"

// A small record for tests of export and verify.
namespace countersign::session_recorder {

// A recorder with a few sessions, and what exports need.
struct Archive {
  explicit Archive(int sessions = 3) {
    for (int n = 1; n <= sessions; ++n) {
      Record(n);
      recorder.clock.Advance(absl::Seconds(6));
      REQUIRE(checkpointer.Tick().ok());
    }
  }

  live::LiveSessions::Handle Record(int n, bool end = true) {
    const auto session = recorder.Open(TestStart(TestId(n), "prompt " + std::to_string(n)));
    REQUIRE(session.ok());
    REQUIRE(recorder.Append(*session, {DecisionEvent()}).ok());
    recorder.clock.Advance(absl::Milliseconds(250));
    REQUIRE(checkpointer.Force().ok());  // in the middle of the session
    REQUIRE(recorder.Append(*session, {DataEvent("piece \xc3\xa9"), DataEvent("more")}).ok());
    if (end) REQUIRE(recorder.End(*session).ok());
    return *session;
  }

  std::string Export(const std::vector<std::string>& ids = {}) {
    auto page = exporter.Begin(ids, {});
    INFO(page.status().ToString());
    REQUIRE(page.ok());
    std::string file = page->bytes;
    while (!page->next_page_token.empty()) {
      page = exporter.Next(page->next_page_token, {});
      INFO(page.status().ToString());
      REQUIRE(page.ok());
      file += page->bytes;
    }
    return file;
  }

  std::vector<SealedEvent>& Events(int n) { return store.sessions().at(TestId(n)).events; }
  SessionRow& Row(int n) { return store.sessions().at(TestId(n)).row; }

  store::MemoryRecordStore store;
  TestRecorder recorder{store};
  crypto::SigningKey key = crypto::SigningKey::Generate();
  chain::Checkpointer checkpointer{store, recorder.clock, key, {}};
  exports::Exporter exporter{store, recorder.keys, checkpointer, recorder.clock, recorder.random};
};

inline exports::VerifyReport Judge(
    const std::string& file, const std::optional<std::string>& key = std::nullopt,
    const std::optional<exports::KeptCheckpoint>& since = std::nullopt) {
  std::istringstream input(file);
  return exports::Verify(input, key, since);
}

inline std::string Describe(const exports::VerifyReport& report) {
  std::string text = absl::StrJoin(report.problems, "\n");
  for (const exports::SessionVerdict& session : report.sessions) {
    absl::StrAppend(&text, "\n", session.id, " ", session.intact ? "intact" : session.problem);
  }
  return text;
}

inline std::vector<std::string> Lines(const std::string& file) {
  std::vector<std::string> lines = absl::StrSplit(file, '\n');
  REQUIRE(lines.back().empty());
  lines.pop_back();
  return lines;
}

}  // namespace countersign::session_recorder
