#include "services/session_recorder/chain/checkpointer.h"

#include <catch2/catch.hpp>

#include "services/session_recorder/testing/archive.h"

namespace countersign::session_recorder::chain {

using domain::Outcome;

TEST_CASE("Checkpointer: numbers have no gaps, and each contains the previous one's hash",
          "[session_recorder]") {
  Archive archive(3);
  std::string previous(32, '\0');
  std::uint64_t number = 0;
  for (const Checkpoint& checkpoint : archive.store.checkpoints()) {
    CHECK(checkpoint.number == ++number);
    CHECK(checkpoint.previous == previous);
    CHECK(SignatureIsValid(checkpoint));
    previous = CheckpointHash(checkpoint);
  }
  CHECK(number >= 6);
}

TEST_CASE("Checkpointer: an empty checkpoint is made every minute, no more often",
          "[session_recorder]") {
  Archive archive(0);
  Checkpointer& checkpointer = archive.checkpointer;
  for (int second = 0; second < 121; ++second) {
    REQUIRE(checkpointer.Tick().ok());
    archive.recorder.clock.Advance(absl::Seconds(1));
  }
  CHECK(archive.store.checkpoints().size() == 3);
}

TEST_CASE("Checkpointer: after the clock was set back, new events are covered and verify",
          "[session_recorder]") {
  Archive archive(2);
  archive.recorder.clock.Advance(-absl::Minutes(5));
  archive.Record(3);
  const std::size_t before = archive.store.checkpoints().size();
  REQUIRE(archive.checkpointer.Tick().ok());
  CHECK(archive.store.checkpoints().size() == before + 1);
  REQUIRE(archive.checkpointer.Tick().ok());
  CHECK(archive.store.checkpoints().size() == before + 1);  // nothing new
  const exports::VerifyReport report = Judge(archive.Export());
  INFO(Describe(report));
  CHECK(report.intact);
}

TEST_CASE("Checkpointer: after a restart it continues where it stopped", "[session_recorder]") {
  Archive archive(2);
  Checkpointer again(archive.store, archive.recorder.clock, archive.key, {});
  archive.Record(3, /*end=*/false);
  REQUIRE(again.Force().ok());
  // The other process detects the new checkpoint.
  REQUIRE(archive.checkpointer.Force().ok());
  const exports::VerifyReport report = Judge(archive.Export());
  INFO(Describe(report));
  CHECK(report.intact);
}

TEST_CASE("Checkpointer: sessions covered by another process in the meantime are not an error",
          "[session_recorder]") {
  Archive archive(1);
  Checkpointer other(archive.store, archive.recorder.clock, archive.key, {});
  REQUIRE(other.Force().ok());
  archive.Record(2, /*end=*/false);  // covered by the archive's own checkpointer
  const auto made = other.Force();
  INFO(made.status().ToString());
  CHECK(made.ok());
}

TEST_CASE("Checkpointer: does not sign over changed records", "[session_recorder][tamper]") {
  Archive archive(2);
  const auto fresh = [&] {
    return Checkpointer(archive.store, archive.recorder.clock, archive.key, {}).Force().status();
  };
  REQUIRE(fresh().ok());
  std::vector<Checkpoint>& checkpoints = archive.store.checkpoints();
  SECTION("a head in a checkpoint") {
    for (Checkpoint& checkpoint : checkpoints) {
      for (SessionHead& head : checkpoint.heads) head.head.hash[0] ^= 1;
    }
    CHECK(fresh().code() == absl::StatusCode::kDataLoss);
  }
  SECTION("an ended session is marked as running") {
    archive.Row(1).summary.end.outcome = Outcome::kRunning;
    archive.Row(1).head.index = 2;
    archive.store.sessions().at(TestId(1)).covered = false;
    CHECK(fresh().code() == absl::StatusCode::kDataLoss);
  }
  SECTION("checkpoints signed by another key") {
    for (Checkpoint& checkpoint : checkpoints) Sign(crypto::SigningKey::Generate(), checkpoint);
    CHECK(fresh().code() == absl::StatusCode::kFailedPrecondition);
  }
}

TEST_CASE("Verify: checkpoints removed from the store and made again are detected",
          "[session_recorder][tamper]") {
  Archive archive(2);
  std::vector<Checkpoint>& checkpoints = archive.store.checkpoints();
  SECTION("one in the middle") { checkpoints.erase(checkpoints.begin() + 2); }
  SECTION("the newest ones: a rollback") { checkpoints.resize(2); }
  SECTION("all of them") { checkpoints.clear(); }
  // The attacker restarts the recorder, so that it has only the store to read.
  Checkpointer restarted(archive.store, archive.recorder.clock, archive.key, {});
  exports::Exporter exporter(archive.store, archive.recorder.keys, restarted,
                             archive.recorder.clock, archive.recorder.random);
  const auto page = exporter.Begin({}, {});
  if (page.ok()) {
    const exports::VerifyReport report = Judge(page->bytes);
    INFO(Describe(report));
    CHECK_FALSE(report.intact);
  } else {
    CHECK(page.status().code() == absl::StatusCode::kDataLoss);
  }
}

TEST_CASE("Checkpointer: a new signing key continues when the old one is trusted",
          "[session_recorder]") {
  Archive archive(2);
  const crypto::SigningKey new_key = crypto::SigningKey::Generate();
  CheckpointOptions options;
  options.trusted_keys = {archive.key.public_key()};
  Checkpointer checkpointer(archive.store, archive.recorder.clock, new_key, {}, options);
  exports::Exporter exporter(archive.store, archive.recorder.keys, checkpointer,
                             archive.recorder.clock, archive.recorder.random);
  const auto page = exporter.Begin({}, {});
  REQUIRE(page.ok());
  const exports::VerifyReport report = Judge(page->bytes, new_key.public_key());
  INFO(Describe(report));
  CHECK(report.intact);
}

}  // namespace countersign::session_recorder::chain
