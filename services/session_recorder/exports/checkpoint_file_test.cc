#include "services/session_recorder/exports/checkpoint_file.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "libs/testing/temporary_folder.h"
#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/testing/archive.h"

namespace countersign::session_recorder::exports {
namespace {

chain::Checkpoint ACheckpoint(std::uint64_t number, bool reviews = true) {
  static const crypto::SigningKey key = crypto::SigningKey::Generate();
  chain::Checkpoint checkpoint;
  checkpoint.number = number;
  checkpoint.at = absl::FromUnixNanos(1'700'000'000'123'456'789);
  checkpoint.size = 3;
  checkpoint.root = std::string(32, 'r');
  checkpoint.previous = std::string(32, 'p');
  if (reviews) checkpoint.reviews = {number * 2, std::string(32, 'v')};
  chain::Sign(key, checkpoint);
  return checkpoint;
}

struct Fixture {
  countersign::testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/newest";
  CheckpointFile file{path};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "CheckpointFile: has the newest checkpoint, readable by everybody",
                 "[session_recorder]") {
  CHECK_FALSE(file.Newest()->has_value());
  chain::Checkpoint first = ACheckpoint(1);
  first.heads.resize(2);
  REQUIRE(file.Publish(first).ok());
  REQUIRE(file.Publish(ACheckpoint(7)).ok());
  REQUIRE(file.Publish(ACheckpoint(6)).ok());  // late
  CheckpointFile again(path);
  const auto newest = again.Newest();
  REQUIRE(newest.ok());
  REQUIRE(newest->has_value());
  CHECK((*newest)->number == 7);
  CHECK(chain::CheckpointHash(**newest) == chain::CheckpointHash(ACheckpoint(7)));
  CHECK((*newest)->heads.empty());
  CHECK(countersign::testing::FileMode(path) == 0644);
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE_METHOD(Fixture, "CheckpointFile: other content is DATA_LOSS, not an empty result",
                 "[session_recorder][tamper]") {
  REQUIRE(file.Publish(ACheckpoint(7)).ok());
  std::string text = countersign::testing::ReadFile(path);
  SECTION("empty") { text.clear(); }
  SECTION("cut") { text.resize(text.size() / 2); }
  SECTION("another number") { text.replace(text.find(":7,"), 3, ":6,"); }
  countersign::testing::WriteFile(path, text);
  CHECK(absl::IsDataLoss(file.Newest().status()));
  CHECK(absl::IsDataLoss(file.Publish(ACheckpoint(8))));
}

TEST_CASE_METHOD(Fixture, "CheckpointFile: a missing folder is an error", "[session_recorder]") {
  CheckpointFile lost(folder.path() + "/gone/newest");
  CHECK_FALSE(lost.Newest()->has_value());
  CHECK_FALSE(lost.Publish(ACheckpoint(1)).ok());
}

TEST_CASE_METHOD(Fixture, "ReadKeptCheckpoint: reads both notes of people and published files",
                 "[session_recorder]") {
  for (const bool reviews : {false, true}) {
    const chain::Checkpoint checkpoint = ACheckpoint(9, reviews);
    const KeptCheckpoint kept = Keep(checkpoint);
    const auto noted = ReadKeptCheckpoint(ToText(kept));
    REQUIRE(noted.ok());
    CHECK(noted->number == 9);
    CHECK(noted->hash == kept.hash);
    CHECK(ReadKeptCheckpoint(ToText(kept) + "\n")->hash == kept.hash);
    CHECK(ReadKeptCheckpoint(CheckpointLine(checkpoint) + "\n")->hash == kept.hash);
  }
  std::string forged = CheckpointLine(ACheckpoint(9));
  forged.replace(forged.find(":9,"), 3, ":8,");
  for (const std::string& bad :
       {forged, std::string(), std::string("9"), std::string("9:"), "0:" + std::string(64, 'a'),
        "9:" + std::string(62, 'a'), "9:" + std::string(64, 'g'), "-9:" + std::string(64, 'a'),
        std::string("{}")}) {
    CHECK(absl::IsInvalidArgument(ReadKeptCheckpoint(bad).status()));
  }
}

}  // namespace countersign::session_recorder::exports
