#include "services/cli/sessions/partial_export.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli::sessions {
namespace {

namespace fs = std::filesystem;

constexpr char kExport[] = "SessionService/ExportSessions";

class ResumeTest : public VerbTest {
 public:
  RunResult Export(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"sessions", "export", "-o", path(), "--resume"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  }
  std::string path() const { return home.path + "/all.jsonl"; }
  std::string LastRequest() const { return gateway.requests(kExport).back(); }

  // Gives the first of two pages, and fails then.
  void BreakAfterOnePage() {
    gateway.Answer(kExport, R"({"lines":"{\"a\":1}\n","nextPageToken":"x.1"})");
    gateway.Answer(kExport, absl::UnavailableError("cannot reach the gateway"));
  }
};

TEST_CASE_METHOD(ResumeTest, "sessions export --resume: goes on where it broke off",
                 "[cli][verbs]") {
  BreakAfterOnePage();
  const RunResult broken = Export();
  CHECK(broken.status == 1);
  CHECK(broken.err.find("8 bytes are in " + path() + ".partial") != std::string::npos);
  CHECK_FALSE(fs::exists(path()));
  CHECK(fs::status(path() + ".partial").permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write));

  gateway.Answer(kExport, R"({"lines":"{\"b\":2}\n","nextPageToken":""})");
  gateway.AnswerBy(kExport, [](const std::string& request) -> absl::StatusOr<std::string> {
    CHECK(request.find(R"("pageToken":"x.1")") != std::string::npos);
    return R"({"lines":"{\"b\":2}\n","nextPageToken":""})";
  });
  const RunResult resumed = Export();
  INFO(resumed.err);
  CHECK(resumed.status == 0);
  CHECK(resumed.err.find("going on after 8 bytes\n") != std::string::npos);
  CHECK(home.Read("all.jsonl") == "{\"a\":1}\n{\"b\":2}\n");
  CHECK_FALSE(fs::exists(path() + ".partial"));
  CHECK_FALSE(fs::exists(path() + ".partial.state"));
}

TEST_CASE_METHOD(ResumeTest, "sessions export --resume: bytes that the state does not count go",
                 "[cli][verbs]") {
  BreakAfterOnePage();
  REQUIRE(Export().status == 1);
  std::ofstream(path() + ".partial", std::ios::app) << "{\"half a pa";
  gateway.AnswerBy(kExport, [](const std::string&) -> absl::StatusOr<std::string> {
    return R"({"lines":"{\"b\":2}\n","nextPageToken":""})";
  });
  CHECK(Export().status == 0);
  CHECK(home.Read("all.jsonl") == "{\"a\":1}\n{\"b\":2}\n");
}

TEST_CASE_METHOD(ResumeTest, "sessions export --resume: what was changed is not continued",
                 "[cli][verbs]") {
  BreakAfterOnePage();
  REQUIRE(Export().status == 1);
  home.Write("all.jsonl.partial", "{\"a\":7}\n");
  const RunResult run = Export();
  CHECK(run.status == 1);
  CHECK(run.err.find("is not as it was written; remove") != std::string::npos);
}

TEST_CASE_METHOD(ResumeTest, "sessions export --resume: another export is not continued",
                 "[cli][verbs]") {
  BreakAfterOnePage();
  REQUIRE(Export().status == 1);
  const RunResult run = Export({"--model", "m"});
  CHECK(run.status == 1);
  CHECK(run.err.find("is of another export; remove") != std::string::npos);
}

TEST_CASE_METHOD(ResumeTest,
                 "sessions export --resume: begins anew when the gateway has forgotten it",
                 "[cli][verbs]") {
  BreakAfterOnePage();
  REQUIRE(Export().status == 1);
  gateway.AnswerBy(kExport, [](const std::string& request) -> absl::StatusOr<std::string> {
    if (request.find("x.1") != std::string::npos) return absl::NotFoundError("no such export");
    return R"({"lines":"{\"c\":3}\n","nextPageToken":""})";
  });
  const RunResult run = Export();
  CHECK(run.status == 0);
  CHECK(run.err.find("beginning anew\n") != std::string::npos);
  CHECK(home.Read("all.jsonl") == "{\"c\":3}\n");
}

TEST_CASE_METHOD(ResumeTest, "sessions export --resume: with filters the sessions are chosen once",
                 "[cli][verbs]") {
  gateway.Answer("SessionService/ListSessions",
                 R"({"items":[{"id":"s-1","outcome":"completed"}],"nextPageToken":""})");
  BreakAfterOnePage();
  REQUIRE(Export({"--model", "m"}).status == 1);
  gateway.AnswerBy(kExport, [](const std::string&) -> absl::StatusOr<std::string> {
    return R"({"lines":"{\"b\":2}\n","nextPageToken":""})";
  });
  CHECK(Export({"--model", "m"}).status == 0);
  CHECK(gateway.requests("SessionService/ListSessions").size() == 1);
}

TEST_CASE_METHOD(ResumeTest, "sessions export --resume: needs a regular file", "[cli][verbs]") {
  CHECK(Run({"sessions", "export", "-o", "-", "--resume"}).status == 2);
  CHECK(Run({"sessions", "export", "-o", "/dev/null", "--resume"}).status == 1);
}

}  // namespace
}  // namespace countersign::cli::sessions
