#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

TEST_CASE_METHOD(VerbTest, "verify: what the recorder did not write is status 1, with problems",
                 "[cli][verbs]") {
  const auto content = GENERATE("", "{}\n", "not JSON\n", "{\"type\":\"header\"}\n{}\n");
  const std::string path = home.Write("export.jsonl", content);
  const RunResult run = Run({"verify", path});
  INFO(content);
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: " + path + " is not what the recorder wrote\n");
  CHECK(run.out.find("0 sessions, 0 checkpoints") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "verify -o json: the report for programs", "[cli][verbs]") {
  const std::string path = home.Write("export.jsonl", "{}\n");
  const RunResult run = Run({"verify", path, "-o", "json"});
  CHECK(run.status == 1);
  const auto document = json::Document::Parse(run.out);
  REQUIRE(document.ok());
  CHECK(document->root()["intact"].boolean() == false);
  CHECK(document->root()["pinned"].boolean() == false);
  CHECK(document->root()["items"].size() == 0);
  CHECK(document->root()["problems"].size() > 0);
}

TEST_CASE_METHOD(VerbTest, "verify --public-key: a key of another length is misuse",
                 "[cli][verbs]") {
  const std::string path = home.Write("export.jsonl", "{}\n");
  for (const std::string& key : {std::string("AAAA"), home.Write("key", "AAAA\n")}) {
    const RunResult run = Run({"verify", path, "--public-key", key});
    CHECK(run.status == 2);
    CHECK(run.err.find("--public-key must be an Ed25519 key") != std::string::npos);
  }
}

TEST_CASE_METHOD(VerbTest,
                 "verify --since: what is no checkpoint is misuse, another record status 1",
                 "[cli][verbs]") {
  const std::string path = home.Write("export.jsonl", "{}\n");
  for (const std::string& since : {std::string("17"), home.Write("since", "{}\n")}) {
    const RunResult run = Run({"verify", path, "--since", since});
    CHECK(run.status == 2);
    CHECK(run.err.find("--since must be NUMBER:HASH") != std::string::npos);
  }
  const RunResult run =
      Run({"verify", path, "--since", "17:" + std::string(64, 'a'), "-o", "json"});
  CHECK(run.status == 1);
  const auto document = json::Document::Parse(run.out);
  REQUIRE(document.ok());
  CHECK(document->root()["since"].boolean() == false);
  CHECK(document->root()["checkpoint"].text().empty());
}

}  // namespace
}  // namespace countersign::cli
