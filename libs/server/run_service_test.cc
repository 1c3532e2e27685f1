#include "libs/server/run_service.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "libs/pg/migrate.h"
#include "libs/testing/private_postgres.h"

extern char** environ;

namespace countersign::server {
namespace {

// Runs the sample service in a temporary folder.
class Run {
 public:
  Run(const std::string& yaml, std::vector<std::string> args = {"--config", "CONFIG"}) {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/cs-run-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream(folder_ + "/c.yaml") << yaml;
    args.insert(args.begin(), SAMPLE_SERVICE);
    std::vector<char*> argv;
    for (std::string& arg : args) {
      if (arg == "CONFIG") arg = folder_ + "/c.yaml";
      argv.push_back(arg.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int descriptor : {1, 2}) {
      posix_spawn_file_actions_addopen(&actions, descriptor, (folder_ + "/out").c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    REQUIRE(posix_spawn(&pid_, SAMPLE_SERVICE, &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Run() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      Wait();
    }
    std::filesystem::remove_all(folder_);
  }

  // The exit status, or minus the signal that ended it.
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void Signal(int number) const { ::kill(pid_, number); }
  std::string Output() const {
    std::ifstream file(folder_ + "/out");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void WaitForOutput(const std::string& text) const {
    while (Output().find(text) == std::string::npos) std::this_thread::yield();
  }
  bool Exists(const std::string& name) const {
    return std::filesystem::exists(folder_ + "/" + name);
  }

 private:
  std::string folder_;
  pid_t pid_ = 0;
};

TEST_CASE("RunService: serves until SIGTERM, then ends with 0", "[server]") {
  Run run("metrics: 127.0.0.1:0\naddressesFile: addresses.json\ndrain: {delay: 0s}\n");
  run.WaitForOutput("listening");
  run.Signal(SIGTERM);
  CHECK(run.Wait() == 0);
  CHECK_THAT(run.Output(), Catch::Contains("stopping") && Catch::Contains("stopped"));
  CHECK(run.Exists("addresses.json"));
}

TEST_CASE("RunService: a second signal ends it at once", "[server]") {
  Run run("metrics: 127.0.0.1:0\ndrain: {delay: 10m}\n");
  run.WaitForOutput("listening");
  run.Signal(SIGTERM);
  run.WaitForOutput("stopping");
  run.Signal(SIGTERM);
  CHECK(run.Wait() == -SIGTERM);
}

TEST_CASE("RunService: misuse ends with 2", "[server]") {
  CHECK(Run("", {}).Wait() == 2);
  CHECK(Run("", {"--config", "CONFIG", "--verbose"}).Wait() == 2);
}

TEST_CASE("RunService: --version prints the version", "[server]") {
  Run run("", {"--version"});
  CHECK(run.Wait() == 0);
  CHECK_THAT(run.Output(), Catch::Matches("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_CASE("RunService: a mistake in the configuration ends with 1 and its line", "[server]") {
  Run run("metrics: nowhere\n");
  CHECK(run.Wait() == 1);
  CHECK_THAT(run.Output(), Catch::StartsWith("countersign-sample: ") &&
                               Catch::Contains("c.yaml:1: metrics: must be HOST:PORT"));
}

TEST_CASE("RunService: --check reads the configuration and starts nothing", "[server]") {
  Run good("metrics: 127.0.0.1:0\naddressesFile: a.json\n", {"--config", "CONFIG", "--check"});
  CHECK(good.Wait() == 0);
  CHECK(good.Output().empty());
  CHECK_FALSE(good.Exists("a.json"));
  Run bad("metrcs: 127.0.0.1:0\n", {"--config", "CONFIG", "--check"});
  CHECK(bad.Wait() == 1);
  CHECK_THAT(bad.Output(), Catch::Contains("metrcs: unknown field"));
}

TEST_CASE("RunService: --print-defaults prints every field and starts nothing", "[server]") {
  Run run("", {"--print-defaults"});
  CHECK(run.Wait() == 0);
  CHECK_THAT(run.Output(), Catch::Contains("\nlog:\n") && Catch::Contains("#   failWith:") &&
                               !Catch::Contains("listening"));
}

TEST_CASE("RunService: --migrate migrates the schema, also again, and starts nothing",
          "[server][pg]") {
  const std::string conninfo = testing::PrivatePostgres::Shared().FreshDatabase();
  pg::PoolOptions options;
  options.conninfo = SecretString(conninfo);
  options.search_path = "sample";
  pg::Pool pool(options);
  // A program without migrations accepts the schema only as long as it has none.
  REQUIRE(pg::Migrate(pool, "sample", {}).ok());
  for (int round = 0; round < 2; ++round) {
    Run run(
        "metrics: 127.0.0.1:0\naddressesFile: a.json\nservice: {failWith: wired}\n"
        "database: {conninfo: \"" +
            conninfo + "\"}\n",
        {"--config", "CONFIG", "--migrate"});
    CHECK(run.Wait() == 0);
    CHECK_THAT(run.Output(), Catch::Contains("migrated"));
    CHECK_FALSE(run.Exists("a.json"));
  }
  CHECK(absl::IsFailedPrecondition(pg::Migrate(pool, "sample", {})));
}

TEST_CASE("RunService: --migrate without a database ends with 1 and the reason", "[server]") {
  Run run("metrics: 127.0.0.1:0\n", {"--config", "CONFIG", "--migrate"});
  CHECK(run.Wait() == 1);
  CHECK_THAT(run.Output(), Catch::Contains("no `database`"));
}

TEST_CASE("RunService: a failed wiring ends with 1 and the reason", "[server]") {
  Run run("service: {failWith: the database is away}\n");
  CHECK(run.Wait() == 1);
  CHECK(run.Output() == "countersign-sample: the database is away\n");
}

}  // namespace
}  // namespace countersign::server
