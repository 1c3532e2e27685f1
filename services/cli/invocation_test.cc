#include "services/cli/invocation.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kWhoAmI[] = "IdentityService/WhoAmI";

// Runs whoami and checks which gateway and token it uses.
struct ConnectTest : VerbTest {
  ConnectTest() { gateway.Answer(kWhoAmI, R"({"identity":"ann"})"); }
  RunResult WhoAmI(std::vector<std::string> flags = {}) {
    flags.push_back("whoami");
    return Run(flags);
  }
};

constexpr char kConfig[] =
    "currentContext: home\ncontexts:\n"
    "  - {name: home, addr: 'https://home.example', token: from-home}\n"
    "  - {name: work, addr: 'work.example:8443', token: from-work}\n";

TEST_CASE_METHOD(ConnectTest, "Connect: the default is this machine, without a token", "[cli]") {
  CHECK(WhoAmI().status == 0);
  CHECK(gateway.address.url == "http://127.0.0.1:8080");
  CHECK(gateway.address.token.empty());
}

TEST_CASE_METHOD(ConnectTest, "Connect: flags beat the environment, which beats the config file",
                 "[cli]") {
  home.Write("config", kConfig);
  CHECK(WhoAmI().status == 0);
  CHECK(gateway.address.url == "https://home.example");
  CHECK(gateway.address.token.Reveal() == "from-home");

  ::setenv("COUNTERSIGN_ADDR", "env.example:1", 1);
  ::setenv("COUNTERSIGN_TOKEN", "from-env", 1);
  CHECK(WhoAmI().status == 0);
  CHECK(gateway.address.url == "http://env.example:1");
  CHECK(gateway.address.token.Reveal() == "from-env");

  CHECK(WhoAmI({"--addr", "https://flag.example/", "--token", "from-flag"}).status == 0);
  CHECK(gateway.address.url == "https://flag.example");
  CHECK(gateway.address.token.Reveal() == "from-flag");
  ::unsetenv("COUNTERSIGN_ADDR");
  ::unsetenv("COUNTERSIGN_TOKEN");
}

TEST_CASE_METHOD(ConnectTest, "Connect: --context chooses, and an unknown one is an error",
                 "[cli]") {
  home.Write("config", kConfig);
  CHECK(WhoAmI({"--context", "work"}).status == 0);
  CHECK(gateway.address.url == "http://work.example:8443");
  CHECK(gateway.address.token.Reveal() == "from-work");
  const RunResult unknown = WhoAmI({"--context", "elsewhere"});
  CHECK(unknown.status == 1);
  CHECK(unknown.err.find("there is no context \"elsewhere\"") != std::string::npos);
}

TEST_CASE_METHOD(ConnectTest, "Connect: a context without a config file names the file", "[cli]") {
  const RunResult run = WhoAmI({"--context", "work"});
  CHECK(run.status == 1);
  CHECK(run.err.find(home.path + "/config") != std::string::npos);
}

TEST_CASE_METHOD(ConnectTest, "Connect: a config file that cannot be read stops the call",
                 "[cli]") {
  std::filesystem::create_directory(home.path + "/config");
  const RunResult run = WhoAmI();
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: cannot read " + home.path + "/config: Is a directory\n");
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(ConnectTest, "Connect: a malformed config file is reported with its line",
                 "[cli]") {
  home.Write("config", "currentContext: home\ncontexts: [\n");
  const RunResult run = WhoAmI();
  CHECK(run.status == 1);
  CHECK(run.err.find(home.path + "/config:") != std::string::npos);
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(ConnectTest, "Connect: a token file loses its newline", "[cli]") {
  CHECK(WhoAmI({"--token-file", home.Write("token", "secret\r\n")}).status == 0);
  CHECK(gateway.address.token.Reveal() == "secret");
}

TEST_CASE_METHOD(ConnectTest, "Connect: a file that cannot be read stops the call", "[cli]") {
  const std::string missing = home.path + "/missing";
  for (const char* flag : {"--token-file", "--ca-file"}) {
    const RunResult run = WhoAmI({flag, missing});
    CHECK(run.status == 1);
    CHECK(run.err == "countersign: cannot read " + missing + ": No such file or directory\n");
  }
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(ConnectTest, "Connect: an address that is none is misuse", "[cli]") {
  const RunResult run = WhoAmI({"--addr", "ftp://example"});
  CHECK(run.status == 2);
  CHECK(run.err.find("the gateway's address must be HOST:PORT or a URL") != std::string::npos);
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "ListAll: an error on a later page is the error of the listing",
                 "[cli]") {
  gateway.Answer("KeyService/ListKeys", R"({"items":[{"id":"a"}],"nextPageToken":"a"})");
  gateway.Answer("KeyService/ListKeys", absl::UnavailableError("away"));
  const RunResult run = Run({"keys", "list"});
  CHECK(run.status == 1);
  CHECK(run.out.empty());
  CHECK(run.err == "countersign: away\n");
}

TEST_CASE_METHOD(VerbTest, "ForEachPage: continues after pages without items", "[cli]") {
  gateway.Answer("KeyService/ListKeys", R"({"items":[],"nextPageToken":"a"})");
  gateway.Answer("KeyService/ListKeys", R"({"items":[],"nextPageToken":"b"})");
  gateway.Answer("KeyService/ListKeys", R"({"items":[{"id":"k-1"}],"nextPageToken":""})");
  const RunResult run = Run({"keys", "list"});
  CHECK(run.status == 0);
  CHECK(run.out.find("k-1") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "ForEachPage: a page whose next page is itself is an error", "[cli]") {
  gateway.Answer("KeyService/ListKeys", R"({"items":[],"nextPageToken":"again"})");
  const RunResult run = Run({"keys", "list"});
  CHECK(run.status == 1);
  CHECK(run.err.find("the same page again") != std::string::npos);
  CHECK(gateway.requests("KeyService/ListKeys").size() == 2);
}

TEST_CASE_METHOD(VerbTest, "PrintListing: YAML has the whole answer", "[cli]") {
  gateway.Answer("KeyService/ListKeys",
                 R"({"items":[{"id":"k-1","state":"ACTIVE"}],"nextPageToken":""})");
  CHECK(Run({"keys", "list", "-o", "yaml"}).out ==
        "items:\n- id: k-1\n  state: ACTIVE\nnextPageToken: \"\"\n");
}

}  // namespace
}  // namespace countersign::cli
