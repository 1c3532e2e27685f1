#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "services/cli/testing/run_verb.h"
#include "services/session_recorder/testing/archive.h"

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

using session_recorder::Archive;
using session_recorder::TestId;

TEST_CASE_METHOD(VerbTest, "verify: a verdict for each session; the file's own key is not pinned",
                 "[cli][verbs]") {
  Archive archive(2);
  const RunResult run = Run({"verify", home.Write("export.jsonl", archive.Export())});
  CHECK(run.status == 0);
  CHECK(run.err.empty());
  for (int n = 1; n <= 2; ++n) {
    CHECK(run.out.find(TestId(n) + "  intact   completed  5       \n") != std::string::npos);
  }
  CHECK(run.out.find("2 sessions, ") != std::string::npos);
  CHECK(run.out.find(" (the file's own: not pinned)\n") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest,
                 "verify --public-key: pinned by the key or a file with it; another fails",
                 "[cli][verbs]") {
  Archive archive(1);
  const std::string path = home.Write("export.jsonl", archive.Export());
  const std::string key = Base64UrlEncode(archive.key.public_key());
  for (const std::string& given : {key, home.Write("key", key + "\r\n")}) {
    const RunResult run = Run({"verify", path, "--public-key", given});
    CHECK(run.status == 0);
    CHECK(run.out.find(key + " (pinned)\n") != std::string::npos);
  }
  const std::string other = Base64UrlEncode(crypto::SigningKey::Generate().public_key());
  const RunResult run = Run({"verify", path, "--public-key", other});
  CHECK(run.status == 1);
  CHECK(run.out.find("line 1: the file names another public key than the one given") !=
        std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "verify: reports a changed session with its line and event",
                 "[cli][verbs]") {
  Archive archive(2);
  archive.Events(2)[2].sealed[5] ^= 1;
  const std::string path = home.Write("export.jsonl", archive.Export());
  const RunResult run = Run({"verify", path});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: " + path + " is not what the recorder wrote\n");
  CHECK(run.out.find(TestId(1) + "  intact ") != std::string::npos);
  CHECK(run.out.find(TestId(2) + "  TAMPERED") != std::string::npos);
  CHECK(run.out.find("event 3 (response.data) was changed: its hash is wrong") !=
        std::string::npos);

  const auto document = json::Document::Parse(Run({"verify", path, "-o", "json"}).out);
  REQUIRE(document.ok());
  CHECK(document->root()["intact"].boolean() == false);
  CHECK(document->root()["items"].at(0)["verdict"].text() == "intact");
  CHECK(document->root()["items"].at(1)["verdict"].text() == "TAMPERED");
  CHECK(document->root()["items"].at(1)["problem"].text().find("event 3") == 0);
}

TEST_CASE_METHOD(VerbTest, "verify: a session that was running when exported is intact",
                 "[cli][verbs]") {
  Archive archive(1);
  archive.Record(2, /*end=*/false);
  const std::string path = home.Write("export.jsonl", archive.Export({TestId(2)}));
  const RunResult run = Run({"verify", path});
  CHECK(run.status == 0);
  CHECK(run.out.find(TestId(2) + "  intact, running") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "verify: refuses a file that was truncated anywhere", "[cli][verbs]") {
  Archive archive(1);
  const std::string whole = archive.Export();
  for (std::size_t size : {whole.size() - 1, whole.size() - 2, whole.size() / 2, std::size_t{1}}) {
    INFO(size);
    CHECK(Run({"verify", home.Write("cut.jsonl", whole.substr(0, size))}).status == 1);
  }
}

TEST_CASE_METHOD(VerbTest, "verify: a folder is misuse, a missing file a failure", "[cli][verbs]") {
  const RunResult folder = Run({"verify", home.path});
  CHECK(folder.status == 2);
  CHECK(folder.err.find("is a directory; name the file") != std::string::npos);
  const RunResult missing = Run({"verify", home.path + "/none"});
  CHECK(missing.status == 1);
  CHECK(missing.err.find("No such file or directory") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "verify: fails if its verdict cannot be printed", "[cli][verbs]") {
  Archive archive(1);
  CHECK(RunOnFullDisk({"verify", home.Write("export.jsonl", archive.Export())}).status == 1);
}

}  // namespace
}  // namespace countersign::cli
