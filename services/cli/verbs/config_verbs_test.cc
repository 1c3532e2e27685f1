#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

TEST_CASE_METHOD(VerbTest, "config: contexts are made, used, listed and forgotten",
                 "[cli][verbs]") {
  const RunResult made = Run({"config", "set-context", "prod", "--addr", "https://gw.example",
                              "--token-file", "/run/token"});
  CHECK(made.err.empty());
  CHECK(made.out == "context prod created, in use\n");
  CHECK(Run({"config", "set-context", "test", "--addr", "127.0.0.1:1", "--token", "s3cret"}).out ==
        "context test created\n");
  CHECK(Run({"config", "get-contexts"}).out ==
        "CURRENT  NAME  ADDRESS             TOKEN\n"
        "*        prod  https://gw.example  /run/token\n"
        "         test  127.0.0.1:1         (in the config file)\n");
  CHECK(Run({"config", "use-context", "test"}).out == "using test\n");
  CHECK(Run({"config", "current-context"}).out == "test\n");
  gateway.Answer("KeyService/ListKeys", R"({"items":[],"nextPageToken":""})");
  REQUIRE(Run({"keys", "list"}).status == 0);
  CHECK(gateway.address.url == "http://127.0.0.1:1");
  CHECK(gateway.address.token.Reveal() == "s3cret");
  CHECK(Run({"config", "delete-context", "test"}).out == "context test deleted\n");
  CHECK(Run({"config", "current-context"}).status == 1);
}

TEST_CASE_METHOD(VerbTest, "config: an unknown context is answered with what was meant",
                 "[cli][verbs]") {
  REQUIRE(Run({"config", "set-context", "prod", "--addr", "a:1"}).status == 0);
  const RunResult run = Run({"config", "use-context", "prd"});
  CHECK(run.status == 1);
  CHECK(run.err.find("; did you mean prod?\n") != std::string::npos);
  CHECK(Run({"config", "set-context", "prod"}).status == 2);
  CHECK(Run({"config", "set-context", "prod", "--ca-file", "/ca.pem"}).out ==
        "context prod changed, in use\n");
  CHECK(home.Read("config").find("addr: a:1") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "config: the first context makes the folder, for its user alone",
                 "[cli][verbs]") {
  const std::string folder = home.path + "/new/home";
  ::setenv("COUNTERSIGN_HOME", folder.c_str(), 1);
  const RunResult made = Run({"config", "set-context", "prod", "--addr", "a:1"});
  CHECK(made.err == "");
  CHECK(Run({"config", "current-context"}).out == "prod\n");
  CHECK(std::filesystem::status(folder).permissions() == std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace countersign::cli
