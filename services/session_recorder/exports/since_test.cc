// A record that was set back or replaced is detected: by the recorder, whose sinks have the newest
// checkpoint, and by an outsider who kept one.
#include <catch2/catch.hpp>

#include "libs/testing/temporary_folder.h"
#include "services/session_recorder/testing/archive.h"
#include "services/session_recorder/testing/fake_review_log.h"

namespace countersign::session_recorder::exports {
namespace {

using chain::Checkpoint;
using chain::Checkpointer;
using chain::CheckpointOptions;

// An archive whose checkpoints are published and cover the log.
struct Published {
  Published() {
    log.Add("opened");
    for (int n = 1; n <= 3; ++n) {
      archive.Record(n);
      const auto made = checkpointer.Force();
      INFO(made.status().ToString());
      REQUIRE(made.ok());
    }
  }
  CheckpointOptions Options() {
    CheckpointOptions options;
    options.sinks = {&file};
    options.review_log = &log;
    return options;
  }
  Checkpointer Restarted() {
    return Checkpointer(archive.store, archive.recorder.clock, archive.key, {}, Options());
  }
  std::string Export(Checkpointer& by, const std::vector<std::string>& ids = {}) {
    Exporter exporter(archive.store, archive.recorder.keys, by, archive.recorder.clock,
                      archive.recorder.random);
    const auto page = exporter.Begin(ids, {});
    INFO(page.status().ToString());
    REQUIRE(page.ok());
    REQUIRE(page->next_page_token.empty());
    return page->bytes;
  }
  // Changes all rows consistently, as anyone with the database's password could.
  void ForgetCheckpoints(std::size_t from = 0) {
    archive.store.checkpoints().resize(from);
    std::set<std::string> covered;
    for (const Checkpoint& checkpoint : archive.store.checkpoints()) {
      for (const auto& head : checkpoint.heads) covered.insert(head.session_id);
    }
    for (auto& [id, session] : archive.store.sessions()) {
      if (covered.count(id) != 0) continue;
      session.row.position = kNoPosition;
      session.covered = false;
    }
  }

  countersign::testing::TemporaryFolder folder;
  CheckpointFile file{folder.path() + "/newest"};
  FakeReviewLog log;
  Archive archive{0};
  Checkpointer checkpointer = Restarted();
};

}  // namespace

TEST_CASE("Checkpointer: publishes its last checkpoint, also after a crash in between",
          "[session_recorder]") {
  Published test;
  CHECK(test.file.Newest()->value().number == test.archive.store.checkpoints().back().number);
  Checkpoint lost = *test.checkpointer.Force();
  // The crash: stored but not published.
  countersign::testing::TemporaryFolder other;
  CheckpointFile behind(other.path() + "/newest");
  REQUIRE(behind.Publish(test.archive.store.checkpoints()[0]).ok());
  CheckpointOptions options = test.Options();
  options.sinks.push_back(&behind);
  Checkpointer restarted(test.archive.store, test.archive.recorder.clock, test.archive.key, {},
                         options);
  REQUIRE(restarted.CheckStored().ok());
  REQUIRE(restarted.Force().ok());
  CHECK(behind.Newest()->value().number == lost.number + 1);
}

TEST_CASE("Checkpointer: does not continue below the checkpoint of a sink",
          "[session_recorder][tamper]") {
  Published test;
  REQUIRE(test.Restarted().CheckStored().ok());
  SECTION("all checkpoints and a middle session are gone, all positions are given anew") {
    test.archive.store.sessions().erase(TestId(2));
    test.ForgetCheckpoints();
  }
  SECTION("the newest checkpoints are gone, with the session that they covered") {
    test.archive.store.sessions().erase(TestId(3));
    test.ForgetCheckpoints(test.archive.store.checkpoints().size() - 2);
  }
  SECTION("an old copy was restored and went on by itself") {
    test.archive.store.sessions().erase(TestId(3));
    test.ForgetCheckpoints(3);
    Checkpointer unaware(test.archive.store, test.archive.recorder.clock, test.archive.key, {});
    for (int i = 0; i < 20; ++i) REQUIRE(unaware.Force().ok());
  }
  Checkpointer restarted = test.Restarted();
  const absl::Status stored = restarted.CheckStored();
  CHECK(absl::IsDataLoss(stored));
  CHECK_THAT(std::string(stored.message()), Catch::Contains(test.file.name()));
  CHECK(absl::IsDataLoss(restarted.Tick()));
  CHECK(absl::IsDataLoss(restarted.Force().status()));
}

TEST_CASE("Checkpointer: a failing sink stops checkpoints, and none is skipped",
          "[session_recorder]") {
  Published test;
  countersign::testing::TemporaryFolder other;
  CheckpointFile missing(other.path() + "/gone/newest");
  CheckpointOptions options = test.Options();
  options.sinks.push_back(&missing);
  Checkpointer checkpointer(test.archive.store, test.archive.recorder.clock, test.archive.key, {},
                            options);
  CHECK_FALSE(checkpointer.Force().ok());
  const std::size_t made = test.archive.store.checkpoints().size();
  CHECK_FALSE(checkpointer.Force().ok());
  CHECK(test.archive.store.checkpoints().size() == made);
  std::filesystem::create_directory(other.path() + "/gone");
  REQUIRE(checkpointer.Force().ok());
  CHECK(missing.Newest()->value().number == made + 1);
}

TEST_CASE("Checkpointer: covers approval's log, and repeats the head while approval is unreachable",
          "[session_recorder]") {
  Published test;
  for (int i = 0; i < 250; ++i) test.log.Add("voted");
  CHECK(test.checkpointer.Force()->reviews == test.log.head);
  const domain::ReviewLogHead before = test.log.head;
  test.log.Add("used");
  test.log.status = absl::UnavailableError("approval is away");
  CHECK(test.checkpointer.Force()->reviews == before);
  CHECK(test.Restarted().Force()->reviews == before);
  test.log.status = absl::OkStatus();
  CHECK(test.checkpointer.Force()->reviews == test.log.head);
  const VerifyReport report = Judge(test.Export(test.checkpointer), test.archive.key.public_key());
  INFO(Describe(report));
  CHECK(report.intact);
}

TEST_CASE("Checkpointer: a log that was truncated, or changed before a checkpoint, stops it",
          "[session_recorder][tamper]") {
  Published test;
  for (const char* body : {"voted by ann", "voted by bob", "used"}) test.log.Add(body);
  REQUIRE(test.checkpointer.Force().ok());
  SECTION("cut") { test.log.Replace({"opened", "voted by ann"}); }
  SECTION("made anew, as long") {
    test.log.Replace({"opened", "voted by eve", "voted by bob", "used"});
  }
  SECTION("made anew, longer") {
    test.log.Replace({"opened", "voted by ann", "voted by eve", "used", "more", "more"});
  }
  SECTION("empty") { test.log.Replace({}); }
  SECTION("a head without its lines") {
    test.log.Add("more");
    test.log.lines.pop_back();
  }
  const bool longer = test.log.lines.size() > 4;
  const absl::Status made = test.checkpointer.Force().status();
  // A longer log has lines that do not lead to its head.
  CHECK((absl::IsDataLoss(made) || (longer && !made.ok())));
  CHECK_FALSE(test.Restarted().Force().ok());
}

TEST_CASE("Verify: --since proves that the record continues a kept checkpoint",
          "[session_recorder]") {
  Published test;
  const KeptCheckpoint kept = Keep(test.file.Newest()->value());
  const VerifyReport first = Judge(test.Export(test.checkpointer), std::nullopt, kept);
  INFO(Describe(first));
  CHECK(first.intact);
  CHECK(first.has_since);
  REQUIRE(first.newest);
  CHECK(first.newest->number > kept.number);
  test.archive.Record(4);
  const VerifyReport later = Judge(test.Export(test.checkpointer), std::nullopt, first.newest);
  CHECK(later.intact);
  CHECK(later.has_since);
  CHECK_FALSE(Judge(test.Export(test.checkpointer)).has_since);
}

TEST_CASE("Verify: --since fails for a record that was set back or replaced",
          "[session_recorder][tamper]") {
  Published test;
  const KeptCheckpoint kept = Keep(test.file.Newest()->value());
  std::string problem;
  SECTION("made anew, with fewer checkpoints") {
    test.archive.store.sessions().erase(TestId(2));
    test.ForgetCheckpoints();
    problem = "it was set back";
  }
  SECTION("made anew, with more") {
    test.archive.store.sessions().erase(TestId(2));
    test.ForgetCheckpoints();
    Checkpointer unaware(test.archive.store, test.archive.recorder.clock, test.archive.key, {});
    for (int i = 0; i < 20; ++i) REQUIRE(unaware.Force().ok());
    problem = "is not the one that was kept";
  }
  Checkpointer unaware(test.archive.store, test.archive.recorder.clock, test.archive.key, {});
  const std::string file = test.Export(unaware);
  CHECK(Judge(file, test.archive.key.public_key()).intact);  // the record itself is valid
  const VerifyReport report = Judge(file, test.archive.key.public_key(), kept);
  CHECK_FALSE(report.intact);
  CHECK_FALSE(report.has_since);
  CHECK_THAT(Describe(report), Catch::Contains(problem));
}

TEST_CASE("Verify: for named sessions --since needs the same checkpoint", "[session_recorder]") {
  Published test;
  const std::string file = test.Export(test.checkpointer, {TestId(1)});
  const auto newest = Judge(file).newest;
  REQUIRE(newest);
  CHECK(Judge(file, std::nullopt, newest).intact);
  const VerifyReport later =
      Judge(test.Export(test.checkpointer, {TestId(1)}), std::nullopt, newest);
  CHECK_FALSE(later.intact);
  CHECK_THAT(Describe(later), Catch::Contains("verify an export of everything"));
  KeptCheckpoint future = *newest;
  future.number += 100;
  CHECK_THAT(Describe(Judge(file, std::nullopt, future)), Catch::Contains("it was set back"));
}

TEST_CASE("Verify: the head of approval's log in a checkpoint cannot be changed or removed",
          "[session_recorder][tamper]") {
  Published test;
  const std::string file = test.Export(test.checkpointer);
  REQUIRE(Judge(file).intact);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"sequence\":1,", "\"sequence\":2,"},
           {"\"reviews\":{\"sequence\":1,\"hash\":\"",
            "\"reviews\":{\"sequence\":1,\"hash\":\"0"}}) {
    std::string changed = file;
    const std::size_t at = changed.rfind(from);
    REQUIRE(at != std::string::npos);
    changed.replace(at, from.size(), to);
    CHECK_FALSE(Judge(changed).intact);
  }
  std::string without = file;
  const std::size_t begin = without.rfind("\"reviews\":{");
  without.erase(begin, without.find("},", begin) + 2 - begin);
  CHECK_FALSE(Judge(without).intact);
}

TEST_CASE("Verify: checkpoints of earlier versions, without the log, may precede those with it",
          "[session_recorder]") {
  Archive archive(2);
  FakeReviewLog log;
  log.Add("opened");
  CheckpointOptions options;
  options.review_log = &log;
  Checkpointer upgraded(archive.store, archive.recorder.clock, archive.key, {}, options);
  REQUIRE(upgraded.Force().ok());
  Exporter exporter(archive.store, archive.recorder.keys, upgraded, archive.recorder.clock,
                    archive.recorder.random);
  const auto page = exporter.Begin({}, {});
  REQUIRE(page.ok());
  const VerifyReport report = Judge(page->bytes, archive.key.public_key());
  INFO(Describe(report));
  CHECK(report.intact);
}

}  // namespace countersign::session_recorder::exports
