#include "services/session_recorder/session_recorder_config.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/config/testing/read_fields.h"

namespace countersign::session_recorder {
namespace {

// The configuration read from `yaml`, and its mistakes.
std::pair<SessionRecorderConfig, std::string> Read(const std::string& yaml) {
  SessionRecorderConfig read;
  std::string mistakes = config::testing::ReadFields(yaml, "service", [&](config::Fields& section) {
    read = ReadSessionRecorderConfig(
        section, [](const std::string& name) { return "/etc/countersign/" + name; });
  });
  return {read, std::move(mistakes)};
}

}  // namespace

TEST_CASE("SessionRecorderConfig: without a section everything has its default",
          "[session_recorder]") {
  const auto [config, mistakes] = Read("{}");
  CHECK(mistakes.empty());
  const auto options = config.Options("node");
  REQUIRE(options.ok());
  CHECK_FALSE(options->sessions
                  .sole_recorder);  // two recorders with true would close each other's sessions
  CHECK(options->sessions.node == "node");
  CHECK(options->checkpoints.interval == absl::Seconds(5));
  CHECK(options->checkpoints.trusted_keys.empty());
  CHECK(config.NewestCheckpointFile("/secrets") == "/secrets/checkpoint.newest");
}

TEST_CASE("SessionRecorderConfig: every field is read", "[session_recorder]") {
  const std::string key(32, 'k');
  const auto [config, mistakes] = Read(
      "{soleRecorder: true, checkpointInterval: 10s, auditorThreads: 8, "
      "checkpointFiles: [published/newest], newestCheckpointFile: own/newest, trustedKeys: [" +
      Base64UrlEncode(key) + "]}");
  INFO(mistakes);
  REQUIRE(mistakes.empty());
  CHECK(config.auditor_threads == 8);
  CHECK(config.checkpoint_files == std::vector<std::string>{"/etc/countersign/published/newest"});
  CHECK(config.NewestCheckpointFile("/secrets") == "/etc/countersign/own/newest");
  const auto options = config.Options("node");
  REQUIRE(options.ok());
  CHECK(options->sessions.sole_recorder);
  CHECK(options->checkpoints.interval == absl::Seconds(10));
  CHECK(options->checkpoints.trusted_keys == std::vector<std::string>{key});
}

TEST_CASE("SessionRecorderConfig: refuses values out of bounds, unknown members and malformed keys",
          "[session_recorder]") {
  for (const char* yaml : {"{checkpointInterval: 1ms}", "{checkpointInterval: 1h}",
                           "{auditorThreads: 0}", "{soleRecorder: maybe}", "{other: 1}"}) {
    INFO(yaml);
    CHECK_FALSE(Read(yaml).second.empty());
  }
  CHECK_FALSE(Read("{trustedKeys: [short]}").first.Options("node").ok());
}

}  // namespace countersign::session_recorder
