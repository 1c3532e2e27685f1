#include "services/standalone/process/main_options.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "libs/testing/temporary_folder.h"

namespace countersign::standalone::process {
namespace {

bool Read(std::vector<const char*> words, Options& options, int& exit_status) {
  words.insert(words.begin(), "countersign");
  return ReadOptions(static_cast<int>(words.size()), words.data(), options, exit_status);
}

TEST_CASE("Options: default addresses may be replaced, given ones may not", "[standalone]") {
  Options options;
  int exit_status = -1;
  REQUIRE(Read({"up", "--data", "/d"}, options, exit_status));
  CHECK(options.verb == Verb::kUp);
  CHECK(options.data == "/d");
  CHECK(options.http == kDefaultHttp);
  CHECK(options.metrics == kDefaultMetrics);
  CHECK_FALSE(options.http_given);
  CHECK_FALSE(options.metrics_given);
  CHECK_FALSE(options.detach);

  Options given;
  REQUIRE(Read({"up", "--data", "/d", "--http", "127.0.0.1:8080", "--metrics", "off", "--detach",
                "--config", "/", "--config", "/tmp"},
               given, exit_status));
  CHECK(given.http_given);
  CHECK(given.metrics.empty());
  CHECK(given.metrics_given);
  CHECK(given.detach);
  CHECK(given.config == std::vector<std::string>{"/", "/tmp"});
}

TEST_CASE("Options: misuse exits with 2, help with 0", "[standalone]") {
  for (const std::vector<const char*>& words : {std::vector<const char*>{},
                                                {"up"},
                                                {"down"},
                                                {"sideways"},
                                                {"up", "--data", "/d", "--http", "x"},
                                                {"up", "--data", "/d", "--metrics", "x:y"},
                                                {"up", "--data", "/d", "--config", "/no/such"},
                                                {"up", "--data", "/d", "--no"}}) {
    Options options;
    int exit_status = -1;
    CHECK_FALSE(Read(words, options, exit_status));
    CHECK(exit_status == 2);
  }
  Options options;
  int exit_status = -1;
  CHECK_FALSE(Read({"up", "--help"}, options, exit_status));
  CHECK(exit_status == 0);
}

TEST_CASE("Options: checkpoints are published if there is a folder for them", "[standalone]") {
  const countersign::testing::TemporaryFolder folder;
  Options options;
  int exit_status = -1;
  const std::string path = folder / "newest";
  REQUIRE(Read({"up", "--data", "/d", "--publish-checkpoints", path.c_str(),
                "--publish-checkpoints", "here"},
               options, exit_status));
  REQUIRE(options.publish_checkpoints.size() == 2);
  CHECK(options.publish_checkpoints[0] == path);
  CHECK(options.publish_checkpoints[1] == std::filesystem::absolute("here").string());
  Options refused;
  const std::string lost = folder / "gone/newest";
  CHECK_FALSE(
      Read({"up", "--data", "/d", "--publish-checkpoints", lost.c_str()}, refused, exit_status));
  CHECK(exit_status == 2);
}

TEST_CASE("Options: TLS takes both files or none, or the gateway's own", "[standalone]") {
  const testing::TemporaryFolder folder;
  const std::string file = folder / "pem";
  std::ofstream(file) << "x";
  int exit_status = -1;
  Options given;
  REQUIRE(Read({"up", "--data", "/d", "--tls-cert", file.c_str(), "--tls-key", file.c_str()}, given,
               exit_status));
  CHECK(given.tls());
  CHECK(given.tls_certificate == file);
  Options own;
  REQUIRE(Read({"up", "--data", "/d", "--tls-self-signed", "--print-config"}, own, exit_status));
  CHECK(own.tls());
  CHECK(own.print_config);
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"--tls-cert", file.c_str()},
        {"--tls-key", file.c_str()},
        {"--tls-cert", file.c_str(), "--tls-key", "/no/such"},
        {"--tls-self-signed", "--tls-cert", file.c_str(), "--tls-key", file.c_str()}}) {
    std::vector<const char*> all = {"up", "--data", "/d"};
    all.insert(all.end(), words.begin(), words.end());
    Options refused;
    CHECK_FALSE(Read(all, refused, exit_status));
    CHECK(exit_status == 2);
  }
}

TEST_CASE("Options: down accepts a folder and no option of up", "[standalone]") {
  Options options;
  int exit_status = -1;
  REQUIRE(Read({"down", "--data", "/d"}, options, exit_status));
  CHECK(options.verb == Verb::kDown);
  CHECK(options.data == "/d");
  for (const char* only_up : {"--http", "--metrics", "--config"}) {
    Options refused;
    CHECK_FALSE(Read({"down", "--data", "/d", only_up, "127.0.0.1:1"}, refused, exit_status));
    CHECK(exit_status == 2);
  }
}

}  // namespace
}  // namespace countersign::standalone::process
