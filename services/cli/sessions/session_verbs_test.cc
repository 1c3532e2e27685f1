#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/json/writer.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kList[] = "SessionService/ListSessions";
constexpr char kGet[] = "SessionService/GetSession";
constexpr char kExport[] = "SessionService/ExportSessions";

constexpr char kSession[] =
    R"({"id":"s-1","startedAt":"2026-01-02T03:04:05.678Z","identity":"ann","connection":"openai",
        "model":"gpt-4o","outcome":"completed","policy":"chat","approvers":["bob"],
        "masked":{"email":2}})";

std::string Event(int index, const std::string& type, const std::string& payload) {
  return R"({"index":)" + std::to_string(index) + R"(,"type":")" + type + R"(","offsetMs":)" +
         std::to_string(index * 10) + R"(,"payload":")" + payload + R"("})";
}

// A session of three events on two pages.
void AnswerWithSession(FakeGateway& gateway) {
  gateway.Answer(kGet, std::string(R"({"session":)") + kSession + R"(,"events":[)" +
                           Event(1, "request", R"({\"body\":\"hi\"})") + "," +
                           Event(2, "response.data", R"({\"text\":\"Hel\",\"masked\":[]})") +
                           R"(],"more":true})");
  gateway.Answer(kGet, std::string(R"({"session":)") + kSession + R"(,"events":[)" +
                           Event(3, "response.data", R"({\"text\":\"lo\\n\",\"masked\":[]})") +
                           R"(],"more":false})");
}

TEST_CASE_METHOD(VerbTest, "sessions list: a table, newest first as the gateway gives them",
                 "[cli][verbs]") {
  gateway.Answer(kList, std::string(R"({"items":[)") + kSession + R"(,{"id":"s-2"}],
                                    "nextPageToken":""})");
  const RunResult run = Run({"sessions", "list"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "ID   STARTED               IDENTITY  CONNECTION  MODEL   OUTCOME    POLICY  APPROVERS  "
        "MASKED\n"
        "s-1  2026-01-02T03:04:05Z  ann       openai      gpt-4o  completed  chat    bob        "
        "email=2\n"
        "s-2  -                     -         -           -       -          -       -          "
        "-\n");
}

TEST_CASE_METHOD(VerbTest, "sessions list: filters are sent, times as RFC 3339", "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[],"nextPageToken":""})");
  REQUIRE(Run({"sessions", "list", "--identity", "ann", "--connection", "openai", "--outcome",
               "BLOCKED", "--text", "x", "--since", "2026-01-02T03:04:05Z", "--limit", "7"})
              .status == 0);
  CHECK(
      gateway.requests(kList) ==
      std::vector<std::string>{
          R"({"pageSize":7,"pageToken":"","identity":"ann","connection":"openai",)"
          R"("outcome":"blocked","policy":"","approver":"","model":"","reviewId":"","text":"x",)"
          R"("exceptOperations":["models.list","models.get"],"since":"2026-01-02T03:04:05.000Z"})"});
}

TEST_CASE_METHOD(VerbTest, "sessions list: by policy, approver, model and review, from a page on",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[],"nextPageToken":"more"})");
  gateway.Answer(kList, R"({"items":[],"nextPageToken":""})");
  REQUIRE(Run({"sessions", "list", "--policy", "p", "--approver", "rosa", "--model", "m",
               "--review", "r", "--page-token", "begin"})
              .status == 0);
  const std::vector<std::string> requests = gateway.requests(kList);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].find(R"("pageToken":"begin")") != std::string::npos);
  CHECK(requests[0].find(R"("policy":"p","approver":"rosa","model":"m","reviewId":"r")") !=
        std::string::npos);
  CHECK(requests[1].find(R"("pageToken":"more")") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "sessions list: stops at the limit, across pages", "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[{"id":"s-1"},{"id":"s-2"}],"nextPageToken":"t"})");
  const RunResult run = Run({"sessions", "list", "--limit", "3", "-o", "json"});
  const auto document = json::Document::Parse(run.out);
  REQUIRE(document.ok());
  CHECK(document->root()["items"].size() == 3);
  CHECK(document->root()["nextPageToken"].text() == "t");
  REQUIRE(gateway.requests(kList).size() == 2);
  CHECK(gateway.requests(kList)[1].find(R"("pageSize":1,"pageToken":"t")") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest,
                 "sessions list --text: continues until everything was searched, with progress",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[],"nextPageToken":"a","searched":2000,
                            "searchedBackTo":"2026-01-02T03:04:05.678Z"})");
  gateway.Answer(kList, R"({"items":[],"nextPageToken":"b","searched":2000,
                            "searchedBackTo":"2026-01-01T03:04:05.678Z"})");
  gateway.Answer(kList, R"({"items":[{"id":"s-9"}],"nextPageToken":"","searched":7})");
  const RunResult run = Run({"sessions", "list", "--text", "needle"});
  CHECK(run.status == 0);
  CHECK(run.out.find("s-9") != std::string::npos);
  CHECK(run.err ==
        "searched 2000 sessions, back to 2026-01-02T03:04:05Z: 0 found\n"
        "searched 4000 sessions, back to 2026-01-01T03:04:05Z: 0 found\n");
}

TEST_CASE_METHOD(VerbTest, "sessions list: each page is printed before the next is requested",
                 "[cli][verbs]") {
  std::ostringstream out;
  std::ostringstream err;
  int page = 0;
  gateway.AnswerBy(kList, [&](const std::string&) -> absl::StatusOr<std::string> {
    for (int before = 1; before <= page; ++before) {
      CHECK(out.str().find("s-" + std::to_string(before)) != std::string::npos);
    }
    ++page;
    return R"({"items":[{"id":"s-)" + std::to_string(page) + R"("}],"nextPageToken":")" +
           (page == 50 ? "" : std::to_string(page)) + R"("})";
  });
  for (const char* format : {"table", "json", "yaml"}) {
    page = 0;
    out.str("");
    CHECK(cli::Run({"sessions", "list", "--limit", "0", "-o", format}, out, err,
                   gateway.connector()) == 0);
    CHECK(page == 50);
  }
}

TEST_CASE_METHOD(VerbTest, "sessions show --events: the session and all its events, text readable",
                 "[cli][verbs]") {
  AnswerWithSession(gateway);
  const RunResult run = Run({"sessions", "show", "s-1", "--events"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "id:           s-1\n"
        "startedAt:    2026-01-02T03:04:05Z\n"
        "identity:     ann\n"
        "connection:   openai\n"
        "model:        gpt-4o\n"
        "outcome:      completed\n"
        "policy:       chat\n"
        "approvers:    bob\n"
        "masked:       email=2\n"
        "\n"
        "#  AT MS  EVENT          WHAT\n"
        "1  10     request        {\"body\":\"hi\"}\n"
        "2  20     response.data  Hel\n"
        "3  30     response.data  lo\\n\n");
  CHECK(gateway.requests(kGet) == std::vector<std::string>{R"({"id":"s-1","afterIndex":0})",
                                                           R"({"id":"s-1","afterIndex":2})"});
}

// A whole session of a streamed call that was held and approved, with a masked answer.
void AnswerWithReviewedSession(FakeGateway& gateway) {
  const auto event = [](int index, const std::string& type, const std::string& payload) {
    return absl::StrCat(R"({"index":)", index, R"(,"type":")", type, R"(","offsetMs":)", index * 10,
                        R"(,"payload":)", json::Quote(payload), "}");
  };
  const auto data = [&](int index, const std::string& content) {
    return event(
        index, "response.data",
        absl::StrCat(R"({"text":)",
                     json::Quote(absl::StrCat("data: {\"choices\":[{\"index\":0,\"delta\":{"
                                              "\"content\":",
                                              json::Quote(content), "}}]}\n\n")),
                     R"(,"masked":[]})"));
  };
  const std::vector<std::string> events = {
      event(1, "request",
            R"({"method":"POST","path":"/v1/chat/completions","client_address":"10.0.0.9",
                "user_agent":"curl/8","operation":"chat.completions",
                "parts":[{"role":"user","text":"who is\nann?"}]})"),
      event(2, "decision", R"({"verdict":"review","policy":"names"})"),
      event(3, "review.waiting", "{}"),
      event(4, "review.approved", R"({"approvers":["rosa"]})"),
      event(5, "forward",
            R"({"bytes":90,"masked":[{"entity":"email","field":"/messages/0/content"}]})"),
      event(6, "response.head",
            R"({"status":200,"headers":[["Content-Type","text/event-stream"]]})"),
      data(7, "ask <EM"),
      data(8, "AIL>\n"),
      event(9, "response.data", R"({"text":"data: [DONE]\n\n","masked":[]})"),
      event(10, "end", R"({"outcome":"completed"})")};
  gateway.Answer(kGet, absl::StrCat(R"({"session":{"id":"s-2","startedAt":"2026-01-02T03:04:05.5Z",
        "endedAt":"2026-01-02T03:04:07Z","identity":"ann","issuer":"https://idp","subject":"u-1",
        "connection":"openai","model":"gpt-4o","outcome":"completed","policy":"names",
        "reviewId":"r-1","approvers":["rosa"],"inputTokens":5,"outputTokens":4,
        "masked":{"email":1},"stream":true},"events":[)",
                                    absl::StrJoin(events, ","), R"(],"more":false})"));
}

TEST_CASE_METHOD(VerbTest, "sessions show: a transcript that a person can read", "[cli][verbs]") {
  AnswerWithReviewedSession(gateway);
  const RunResult run = Run({"sessions", "show", "s-2"});
  CHECK(run.err.empty());
  CHECK(run.out ==
        "Session:      s-2\n"
        "Who:          ann (u-1 of https://idp)\n"
        "When:         2026-01-02T03:04:05Z, took 1.5s\n"
        "From:         10.0.0.9\n"
        "By:           curl/8\n"
        "Call:         POST /v1/chat/completions of openai, model gpt-4o, streamed\n"
        "Policy:       names\n"
        "Review:       r-1\n"
        "Approved by:  rosa\n"
        "Outcome:      completed\n"
        "Tokens:       5 in, 4 out\n"
        "Masked:       email=1\n"
        "\n"
        "user:\n"
        "  | who is\n"
        "  | ann?\n"
        "\n"
        "Masked before it was sent:\n"
        "  email in /messages/0/content\n"
        "\n"
        "answer (200):\n"
        "  | ask <EMAIL>\n"
        "\n"
        "Stages:\n"
        "       10 ms  asked\n"
        "       20 ms  decided: review by policy names\n"
        "       30 ms  waits for a review\n"
        "       40 ms  approved by rosa\n"
        "       50 ms  sent, 90 bytes\n"
        "       60 ms  answered, status 200\n"
        "       70 ms  first piece delivered\n"
        "       90 ms  last of 3 pieces delivered\n"
        "      100 ms  ended: completed\n");
}

TEST_CASE_METHOD(VerbTest, "sessions replay --text, tail: the text without its events",
                 "[cli][verbs]") {
  AnswerWithReviewedSession(gateway);
  CHECK(Run({"sessions", "replay", "s-2", "--no-wait", "--text"}).out == "ask <EMAIL>\n\n");
  CHECK(Run({"sessions", "replay", "s-2", "--text", "--raw"}).status == 2);
  const RunResult tail = Run({"sessions", "tail", "s-2", "--text"});
  CHECK(tail.out == "ask <EMAIL>\n\n");
  CHECK(tail.err == "\nended: completed\n");
}

TEST_CASE_METHOD(VerbTest, "sessions tail: each session as it starts and as it ends, and no more",
                 "[cli][verbs]") {
  const auto listing = [](const std::string& items) {
    return R"({"items":[)" + items + R"(],"nextPageToken":""})";
  };
  const std::string old_runs = R"({"id":"s-1","startedAt":"2999-01-01T00:00:10Z"})";
  const std::string ended =
      R"({"id":"s-2","startedAt":"2999-01-01T00:00:20Z","outcome":"completed"})";
  gateway.Answer(kList, listing(old_runs));
  gateway.Answer(kList, listing(ended + "," + old_runs));
  gateway.Answer(kList, listing(ended + "," +
                                R"({"id":"s-1","startedAt":"2999-01-01T00:00:10Z",
                                    "outcome":"killed"})"));
  gateway.Answer(kList, absl::UnavailableError("the end of the script"));
  const RunResult run = Run({"sessions", "tail", "-o", "json"});
  CHECK(run.err == "countersign: the end of the script\n");
  CHECK(run.out ==
        "{\"id\":\"s-1\",\"startedAt\":\"2999-01-01T00:00:10Z\"}\n"
        "{\"id\":\"s-2\",\"startedAt\":\"2999-01-01T00:00:20Z\",\"outcome\":\"completed\"}\n"
        "{\"id\":\"s-1\",\"startedAt\":\"2999-01-01T00:00:10Z\",\"outcome\":\"killed\"}\n");
  // While one runs, it is asked for again; afterwards from the newest on.
  const std::vector<std::string> requests = gateway.requests(kList);
  REQUIRE(requests.size() == 4);
  CHECK(requests[2].find(R"("since":"2999-01-01T00:00:05.000Z")") != std::string::npos);
  CHECK(requests[3].find(R"("since":"2999-01-01T00:00:15.000Z")") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "sessions: the beginning of an id names one session", "[cli][verbs]") {
  const std::string id = "019a1b2c-3d4e-7abc-8def-0123456789ab";
  gateway.Answer(kList,
                 R"({"items":[{"id":")" + id + R"("},{"id":"019a1b2c-9999-7000-8000-000000000000"}],
                            "nextPageToken":""})");
  gateway.Answer("SessionService/KillSession", R"({"id":"x","wasRunning":true})");
  CHECK(Run({"sessions", "kill", "019A1B2C-3D4E"}).out == "killed " + id + "\n");
  // The first 48 bits of the id are its time; a session starts within two seconds of it.
  CHECK(gateway.requests(kList).at(0) ==
        R"({"pageSize":500,"pageToken":"","since":"2025-10-25T11:41:13.470Z",)"
        R"("until":"2025-10-25T11:41:17.470Z"})");
  const RunResult several = Run({"sessions", "kill", "019a1b2c"});
  CHECK(several.status == 2);
  CHECK(several.err ==
        "countersign: several sessions begin with 019a1b2c: 019a1b2c-3d4e-7abc-8def-0123456789ab, "
        "019a1b2c-9999-7000-8000-000000000000\n");
  CHECK(Run({"sessions", "kill", "019a1b2c-5"}).status == 1);
  CHECK(Run({"sessions", "kill", "019a"}).status == 2);
  CHECK(gateway.requests("SessionService/KillSession") ==
        std::vector<std::string>{R"({"id":")" + id + R"("})"});
}

TEST_CASE_METHOD(VerbTest, "sessions list: at 80 columns, and what the filters ask",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[{"id":"019a1b2c-3d4e-7abc-8def-0123456789ab",
    "startedAt":"2026-01-02T03:04:05.678Z","identity":"release-bot","connection":"openai",
    "model":"gpt-4o-mini-2024-07-18","outcome":"review_pending","policy":"regulated-prompts",
    "approvers":["rosa"],"masked":{"email":2}}],"nextPageToken":""})");
  ::setenv("COLUMNS", "80", 1);
  const RunResult run = Run({"sessions", "list", "--operation", "chat.completions", "--entity",
                             "email", "--min-duration", "2s", "--min-tokens", "9"});
  ::unsetenv("COLUMNS");
  CHECK(run.out ==
        "ID                  STARTED               IDENTITY    CONNECTION  OUTCOME\n"
        "019a1b2c-3d4e-7abc  2026-01-02T03:04:05Z  release-b…  openai      review_pending\n");
  CHECK(
      gateway.requests(kList).at(0).find(
          R"("operation":"chat.completions","entity":"email","minTokens":9,"minDurationMs":2000)") !=
      std::string::npos);
  CHECK(Run({"sessions", "list", "--min-duration", "soon"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "sessions export: those that fit filters and have ended",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[{"id":"s-1","outcome":"completed"},{"id":"s-2"}],
                            "nextPageToken":""})");
  gateway.Answer(kExport, R"({"lines":"{}\n","nextPageToken":""})");
  CHECK(Run({"sessions", "export", "--model", "m", "-o", "-"}).out == "{}\n");
  CHECK(gateway.requests(kExport).at(0) == R"({"ids":["s-1"],"pageToken":""})");
  CHECK(Run({"sessions", "export", "s-1", "--model", "m", "-o", "-"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "sessions show -o json: one object with the events in it",
                 "[cli][verbs]") {
  AnswerWithSession(gateway);
  const auto document = json::Document::Parse(Run({"sessions", "show", "s-1", "-o", "json"}).out);
  REQUIRE(document.ok());
  CHECK(document->root()["id"].text() == "s-1");
  CHECK(document->root()["events"].size() == 3);
}

TEST_CASE_METHOD(VerbTest, "sessions replay: the delivered bytes, exactly", "[cli][verbs]") {
  AnswerWithSession(gateway);
  const RunResult run = Run({"sessions", "replay", "s-1", "--no-wait"});
  CHECK(run.status == 0);
  CHECK(run.out == "Hello\n");
}

TEST_CASE_METHOD(VerbTest, "sessions export: joins the pages into a file or standard output",
                 "[cli][verbs]") {
  const auto answer = [&] {
    gateway.Answer(kExport, R"({"lines":"{\"a\":","nextPageToken":"2"})");
    gateway.Answer(kExport, R"({"lines":"1}\n{}\n","nextPageToken":""})");
  };
  answer();
  const std::string path = home.path + "/export.jsonl";
  const RunResult to_file = Run({"sessions", "export", "s-1", "s-2", "-o", path});
  CHECK(to_file.status == 0);
  CHECK(to_file.out.empty());
  CHECK(to_file.err == "wrote 2 lines to " + path + "\n");
  CHECK(home.Read("export.jsonl") == "{\"a\":1}\n{}\n");
  CHECK(gateway.requests(kExport).at(0) == R"({"ids":["s-1","s-2"],"pageToken":""})");

  FakeGateway again;
  std::swap(gateway, again);
  answer();
  CHECK(Run({"sessions", "export", "-o", "-"}).out == "{\"a\":1}\n{}\n");
  CHECK(gateway.requests(kExport).at(1) == R"({"ids":[],"pageToken":"2"})");
}

TEST_CASE_METHOD(VerbTest, "sessions export: each page is written before the next is requested",
                 "[cli][verbs]") {
  constexpr std::size_t kPages = 40;
  const std::string line = std::string(1 << 16, 'x');
  std::size_t asked = 0;
  const auto written = [&] {
    std::size_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(home.path)) {
      bytes += file.file_size();
    }
    return bytes;
  };
  gateway.AnswerBy(kExport, [&](const std::string&) -> absl::StatusOr<std::string> {
    CHECK(written() == asked * (line.size() + 1));
    ++asked;
    return R"({"lines":")" + line + R"(\n","nextPageToken":")" +
           (asked == kPages ? "" : std::to_string(asked)) + R"("})";
  });
  CHECK(Run({"sessions", "export", "-o", home.path + "/export.jsonl"}).status == 0);
  CHECK(written() == kPages * (line.size() + 1));
}

TEST_CASE_METHOD(VerbTest, "sessions export: a failure removes the unfinished file",
                 "[cli][verbs]") {
  gateway.Answer(kExport, R"({"lines":"{}\n","nextPageToken":"2"})");
  gateway.Answer(kExport, absl::UnavailableError("away"));
  home.Write("export.jsonl", "the one of yesterday");
  const RunResult run = Run({"sessions", "export", "-o", home.path + "/export.jsonl"});
  CHECK(run.status == 1);
  CHECK(home.Read("export.jsonl") == "the one of yesterday");
  CHECK(std::distance(std::filesystem::directory_iterator(home.path), {}) == 1);
}

TEST_CASE_METHOD(VerbTest, "sessions export: writes to a device, and fails when it is full",
                 "[cli][verbs]") {
  gateway.Answer(kExport, R"({"lines":"{}\n","nextPageToken":""})");
  CHECK(Run({"sessions", "export", "-o", "/dev/null"}).status == 0);
  CHECK(std::filesystem::is_character_file("/dev/null"));
  const RunResult full = Run({"sessions", "export", "-o", "/dev/full"});
  CHECK(full.status == 1);
  CHECK(full.err == "countersign: cannot write /dev/full: No space left on device\n");
  CHECK(RunOnFullDisk({"sessions", "export", "-o", "-"}).status == 1);
}

TEST_CASE_METHOD(VerbTest, "sessions export: a folder that is not there is named", "[cli][verbs]") {
  gateway.Answer(kExport, R"({"lines":"{}\n","nextPageToken":""})");
  const std::string path = home.path + "/none/export.jsonl";
  const RunResult run = Run({"sessions", "export", "-o", path});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: cannot write " + path + ": No such file or directory\n");
}

TEST_CASE_METHOD(VerbTest, "sessions export: a page whose next page is itself is an error",
                 "[cli][verbs]") {
  gateway.Answer(kExport, R"({"lines":"{}\n","nextPageToken":"again"})");
  const std::string path = home.path + "/export.jsonl";
  const RunResult run = Run({"sessions", "export", "-o", path});
  CHECK(run.status == 1);
  CHECK(run.err.find("the same page again; the export is not complete") != std::string::npos);
  CHECK(gateway.requests(kExport).size() == 2);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE_METHOD(VerbTest, "sessions show, replay: events that do not advance are an error",
                 "[cli][verbs]") {
  gateway.Answer(kGet, R"({"session":{"id":"s-1"},"more":true,)"
                       R"("events":[{"index":3,"type":"end","payload":"{}"}]})");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"sessions", "show", "s-1"},
        std::vector<std::string>{"sessions", "replay", "s-1"}}) {
    const RunResult run = Run(words);
    CHECK(run.status == 1);
    CHECK(run.err.find("the same events again; the session is not complete") != std::string::npos);
  }
  CHECK(gateway.requests(kGet).size() == 4);
}

TEST_CASE_METHOD(VerbTest, "sessions list: a time that no calendar has is misuse", "[cli][verbs]") {
  for (const char* flag : {"--since", "--until"}) {
    for (const char* time : {"inf", "-inf", "99999999h", "infinite-past", "yesterday",
                             "2026-13-01T00:00:00Z", "10000-01-01T00:00:00Z"}) {
      const RunResult run = Run({"sessions", "list", std::string(flag) + "=" + time});
      INFO(flag << " " << time << ": " << run.err);
      CHECK(run.status == 2);
      CHECK(run.err.find("must be a time such as 2026-01-31T12:00:00Z") != std::string::npos);
    }
  }
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "sessions kill: says whether it was still running", "[cli][verbs]") {
  gateway.Answer("SessionService/KillSession", R"({"id":"s-1","wasRunning":true})");
  gateway.Answer("SessionService/KillSession", R"({"id":"s-1","wasRunning":false})");
  CHECK(Run({"sessions", "kill", "s-1"}).out == "killed s-1\n");
  CHECK(Run({"sessions", "kill", "s-1"}).out == "had ended already: s-1\n");
}

TEST_CASE_METHOD(VerbTest, "sessions show: an unknown session is a refusal", "[cli][verbs]") {
  gateway.Answer(kGet, absl::NotFoundError("there is no session s-9"));
  const RunResult run = Run({"sessions", "show", "s-9"});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: there is no session s-9\n");
}

}  // namespace
}  // namespace countersign::cli
