#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kList[] = "ReviewService/ListReviews";
constexpr char kGet[] = "ReviewService/GetReview";
constexpr char kMedia[] = "ReviewService/GetReviewMedia";
constexpr char kApprove[] = "ReviewService/ApproveReview";

// A binding hash: one digit 64 times.
std::string Hash(char digit) { return std::string(64, digit); }

std::string Review(char hash = 'a', const std::string& state = "PENDING") {
  return R"({"id":"r-1","state":")" + state +
         R"(","requester":"ann","connection":"openai","policy":"regulated","bindingHash":")" +
         Hash(hash) +
         R"(","expiresAt":"2026-01-02T03:19:05.5Z","approvalsRequired":2,"usesLeft":0,"waiting":1,
      "model":"gpt-4o","promptTokens":12,"reviewers":["security","legal"],"tools":["search"],
      "parameters":{"max_tokens":100},
      "votes":[{"reviewer":"bob","decision":"APPROVE","reason":"fine","at":"2026-01-02T03:05:00Z"}],
      "findings":[{"policy":"regulated","condition":"keywords","rule":"hipaa","part":0,"begin":4,
                   "end":11}],
      "parts":[{"role":"user","pointer":"/messages/0/content",
                "text":"the patient\nsays \u202eno"}]})";
}

constexpr char kTransitions[] = "ReviewService/ListTransitions";

// Then the watch ends.
void AnswerWithTransitions(FakeGateway& gateway, const std::string& steps) {
  gateway.Answer(kTransitions, R"({"items":[],"nextPageToken":"7"})");
  gateway.Answer(kTransitions, R"({"items":[)" + steps + R"(],"nextPageToken":"9","more":true})");
  gateway.Answer(kTransitions, absl::UnavailableError("the end of the script"));
}

std::string Step(const std::string& id, const std::string& from, const std::string& to) {
  return R"({"review":{"id":")" + id + R"(","state":")" + to + R"(","requester":"ann"},"from":")" +
         from + R"(","actor":"bob","at":"2026-01-02T03:05:00Z"})";
}

TEST_CASE_METHOD(VerbTest, "reviews watch: what is pending, then every step, in order",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[)" + Review() + R"(],"nextPageToken":""})");
  AnswerWithTransitions(
      gateway, Step("r-1", "STATE_UNSPECIFIED", "PENDING") + "," +
                   Step("r-1", "PENDING", "APPROVED") + "," + Step("r-2", "", "PENDING") + "," +
                   Step("r-1", "APPROVED", "CONSUMED") + "," + Step("r-2", "PENDING", "DENIED"));
  const RunResult run = Run({"reviews", "watch"});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: the end of the script\n");
  std::vector<std::string> starts;
  for (const absl::string_view line : absl::StrSplit(run.out, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> cells = absl::StrSplit(line, "  ");
    starts.push_back(cells.at(0) + " " + cells.at(1));
  }
  CHECK(starts == std::vector<std::string>{"r-1 PENDING", "r-1 APPROVED", "r-2 PENDING",
                                           "r-1 CONSUMED", "r-2 DENIED"});
  CHECK(gateway.requests(kTransitions) ==
        std::vector<std::string>{"{}", R"({"pageToken":"7"})", R"({"pageToken":"9"})"});
}

TEST_CASE_METHOD(VerbTest, "reviews watch -o json: a line each, with who did it", "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[],"nextPageToken":""})");
  AnswerWithTransitions(gateway, Step("r-1", "PENDING", "APPROVED"));
  CHECK(Run({"reviews", "watch", "-o", "json"}).out ==
        R"({"id":"r-1","state":"APPROVED","requester":"ann","from":"PENDING","actor":"bob",)"
        R"("at":"2026-01-02T03:05:00Z"})"
        "\n");
}

TEST_CASE_METHOD(VerbTest, "reviews watch: ends when nobody can read what it prints",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[)" + Review() + R"(],"nextPageToken":""})");
  gateway.Answer(kTransitions, R"({"items":[],"nextPageToken":"7","more":true})");
  CHECK(RunOnFullDisk({"reviews", "watch"}).status == 1);
}

TEST_CASE_METHOD(VerbTest, "reviews show: no text of others reaches the terminal as it is",
                 "[cli][verbs]") {
  std::string hostile = Review();
  for (const char* const text : {"hipaa", "fine", "gpt-4o", "search", "the patient"}) {
    hostile = absl::StrReplaceAll(hostile, {{text, R"(x\u001b[31m\u009b)"}});
  }
  gateway.Answer(kGet, hostile);
  const RunResult run = Run({"reviews", "show", "r-1"});
  CHECK(run.status == 0);
  CHECK(run.out.find('\x1b') == std::string::npos);
  CHECK(run.out.find("\xc2\x9b") == std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "reviews list: asks for pending ones unless told otherwise",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[)" + Review() + R"(],"nextPageToken":""})");
  const RunResult run = Run({"reviews", "list"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "ID   STATE    REQUESTER  CONNECTION  MODEL   POLICY     VOTES  AGE  WAITING  EXPIRES      "
        "         WHY             PREVIEW\n"
        "r-1  PENDING  ann        openai      gpt-4o  regulated  1/2    -    1        "
        "2026-01-02T03:19:05Z  keywords hipaa  the patient\\nsays \\u{202e}no\n");
  REQUIRE(Run({"reviews", "list", "--all"}).status == 0);
  REQUIRE(Run({"reviews", "list", "--state", "denied"}).status == 0);
  CHECK(
      gateway.requests(kList) ==
      std::vector<std::string>{R"({"pageSize":500,"pageToken":"","all":false})",
                               R"({"pageSize":500,"pageToken":"","all":true})",
                               R"({"pageSize":500,"pageToken":"","state":"DENIED","all":false})"});
}

TEST_CASE_METHOD(VerbTest, "reviews show: everything that would be sent, and why it is held",
                 "[cli][verbs]") {
  gateway.Answer(kGet, Review());
  const RunResult run = Run({"reviews", "show", "r-1"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "Review:       r-1\n"
        "State:        PENDING\n"
        "Requester:    ann\n"
        "Connection:   openai\n"
        "Model:        gpt-4o\n"
        "Policy:       regulated\n"
        "Tokens:       12\n"
        "Reviewers:    security,legal\n"
        "Approvals:    2\n"
        "Waiting:      1\n"
        "Expires:      2026-01-02T03:19:05Z\n"
        "Hash:         " +
            Hash('a') +
            "\n"
            "Tools:        search\n"
            "Parameters:   max_tokens=100\n"
            "Why:\n"
            "  regulated: keywords hipaa: \"patient\"\n"
            "Vote:         bob APPROVE 2026-01-02T03:05:00Z \"fine\"\n"
            "\n"
            "user (/messages/0/content):\n"
            "  | the patient\n"
            "  >     ^^^^^^^\n"
            "  | says \\u{202e}no\n");
}

TEST_CASE_METHOD(VerbTest, "reviews show: media by its digest, every other member as it stands",
                 "[cli][verbs]") {
  gateway.Answer(kGet, R"({"id":"r-1","state":"PENDING","bindingHash":")" + Hash('a') + R"(",
      "media":[{"pointer":"/messages/0/content/1/image_url/url","type":"image/png","size":70000,
                "sha256":"ab12"}],
      "members":[{"pointer":"/model","json":"\"gpt-4o\""},
                 {"pointer":"/tool_choice","json":"\"required\""}]})");
  const RunResult run = Run({"reviews", "show", "r-1"});
  CHECK(run.status == 0);
  CHECK(
      run.out.find("\nMedia:\n"
                   "  0: /messages/0/content/1/image_url/url image/png, 70000 bytes, SHA-256 ab12\n"
                   "\nAlso sent:\n"
                   "  /model = \"gpt-4o\"\n"
                   "  /tool_choice = \"required\"\n") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "reviews show: method, path, query and headers that will be sent",
                 "[cli][verbs]") {
  const std::string review = R"({"id":"r-1","state":"PENDING","bindingHash":")" + Hash('a') + R"(",
      "head":{"method":"POST","target":"/v1/chat/completions?x=\u001b[1m","headers":[
      {"name":"accept","value":"*/*"},{"name":"user-agent","value":"curl/7.88.1"}]}})";
  gateway.Answer(kGet, review);
  const RunResult run = Run({"reviews", "show", "r-1"});
  CHECK(run.status == 0);
  CHECK(run.out.find("\nRequest:\n"
                     "  POST /v1/chat/completions?x=\\u{1b}[1m\n"
                     "  accept: */*\n"
                     "  user-agent: curl/7.88.1\n") != std::string::npos);
  gateway.Answer(kGet, review);
  CHECK(Run({"reviews", "show", "r-1", "-o", "JSON"}).out.find("\"target\"") != std::string::npos);
  CHECK(Run({"reviews", "show", "r-1", "-o", "file.png"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "reviews show --media: writes what has the digest of the review",
                 "[cli][verbs]") {
  // "abc", and its SHA-256
  const std::string media =
      R"({"data":"YWJj","media":{"type":"image/png","size":3,"sha256":)"
      R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}})";
  gateway.Answer(kMedia, media);
  gateway.Answer(kMedia, media);
  gateway.Answer(kMedia, R"({"data":"YWJk","media":{"sha256":"ba7816bf"}})");
  gateway.Answer(kMedia, absl::NotFoundError("the review has 1 media"));
  const std::string path = home.path + "/picture";
  const RunResult run = Run({"reviews", "show", "r-1", "--media", "2", "-o", path});
  CHECK(run.status == 0);
  CHECK(run.err == "wrote 3 bytes (image/png) to " + path + "\n");
  CHECK(home.Read("picture") == "abc");
  CHECK(gateway.requests(kMedia) == std::vector<std::string>{R"({"id":"r-1","index":2})"});
  CHECK(Run({"reviews", "show", "r-1", "--media", "0", "-o", "-"}).out == "abc");

  const RunResult wrong = Run({"reviews", "show", "r-1", "--media", "0", "-o", path + "2"});
  CHECK(wrong.status == 1);
  CHECK(home.Read("picture2").empty());
  CHECK(Run({"reviews", "show", "r-1", "--media", "9", "-o", path + "2"}).status == 1);
  CHECK(Run({"reviews", "show", "r-1", "--media", "0"}).status == 2);
  CHECK(Run({"reviews", "show", "r-1", "--media", "-1", "-o", path}).status == 2);
  CHECK(Run({"reviews", "show", "r-1", "--media", "x", "-o", path}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "reviews approve: is for the hash that was shown before",
                 "[cli][verbs]") {
  gateway.Answer(kGet, Review('a'));
  gateway.Answer(kGet, Review('b'));  // it has changed
  gateway.Answer(kApprove, Review('a', "APPROVED"));
  REQUIRE(Run({"reviews", "show", "r-1"}).status == 0);
  const RunResult run = Run({"reviews", "approve", "r-1", "--reason", "ok"}, "y\n");
  CHECK(run.status == 0);
  CHECK(run.out == "approved r-1 (APPROVED)\n");
  CHECK(gateway.requests(kGet).size() == 1);
  CHECK(gateway.requests(kApprove) == std::vector<std::string>{R"({"id":"r-1","seenHash":")" +
                                                               Hash('a') + R"(","reason":"ok"})"});
}

TEST_CASE_METHOD(VerbTest, "reviews approve: shows a review that was never shown first",
                 "[cli][verbs]") {
  gateway.Answer(kGet, Review('b'));
  gateway.Answer(kApprove, Review('b', "PENDING"));
  const RunResult run = Run({"reviews", "approve", "r-1"}, "y\n");
  CHECK(run.status == 0);
  CHECK(run.out.find("  | the patient\n") != std::string::npos);
  CHECK(run.out.find("approved r-1 (PENDING)\n") != std::string::npos);
  CHECK(gateway.requests(kApprove).at(0).find(Hash('b')) != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "reviews approve -o json: the review that is shown goes to stderr",
                 "[cli][verbs]") {
  gateway.Answer(kGet, Review('b'));
  gateway.Answer(kApprove, R"({"id":"r-1","state":"APPROVED"})");
  const RunResult run = Run({"reviews", "approve", "r-1", "-o", "json"}, "y\n");
  CHECK(run.out == "{\n  \"id\": \"r-1\",\n  \"state\": \"APPROVED\"\n}\n");
  CHECK(run.err.find("Review:       r-1\n") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "reviews approve --hash: needs 64 hexadecimal digits", "[cli][verbs]") {
  gateway.Answer(kApprove, Review('c', "APPROVED"));
  REQUIRE(Run({"reviews", "approve", "r-1", "--hash", Hash('c')}, "y\n").status == 0);
  CHECK(gateway.requests(kApprove).at(0).find(Hash('c')) != std::string::npos);
  for (const std::string& wrong : {Hash('g'), Hash('a').substr(1), std::string()}) {
    CHECK(Run({"reviews", "approve", "r-1", "--hash", wrong}).status == 2);
  }
}

TEST_CASE_METHOD(VerbTest, "reviews approve: a review that changed since it was shown is refused",
                 "[cli][verbs]") {
  gateway.Answer(kApprove, absl::FailedPreconditionError("the hash is another one"));
  const RunResult run = Run({"reviews", "approve", "r-1", "--hash", Hash('a')}, "y\n");
  CHECK(run.status == 1);
  CHECK(run.err.find("countersign: the hash is another one\n") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "reviews deny, revoke: carry the reason", "[cli][verbs]") {
  gateway.Answer("ReviewService/DenyReview", Review('a', "DENIED"));
  gateway.Answer("ReviewService/RevokeReview", Review('a', "REVOKED"));
  CHECK(Run({"reviews", "deny", "r-1", "--reason", "not today"}).out == "denied r-1 (DENIED)\n");
  CHECK(Run({"reviews", "revoke", "r-1"}).out == "revoked r-1 (REVOKED)\n");
  CHECK(gateway.requests("ReviewService/DenyReview") ==
        std::vector<std::string>{R"({"id":"r-1","reason":"not today"})"});
  CHECK(gateway.requests("ReviewService/RevokeReview") ==
        std::vector<std::string>{R"({"id":"r-1","reason":""})"});
}

TEST_CASE_METHOD(VerbTest, "reviews list: filters, own votes, and what asked for it at 80 columns",
                 "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[)" + Review() + R"(,{"id":"r-2","requester":"bob"}],
                            "nextPageToken":""})");
  gateway.Answer(kGet, Review());
  gateway.Answer("IdentityService/WhoAmI", R"({"identity":"bob"})");
  ::setenv("COLUMNS", "80", 1);
  const RunResult run = Run({"reviews", "list", "--requester", "ann"});
  ::unsetenv("COLUMNS");
  CHECK(run.out ==
        "ID   STATE    REQUESTER  CONNECTION  MODEL   POLICY     VOTES    AGE  WAITING\n"
        "r-1  PENDING  ann        openai      gpt-4o  regulated  1/2 you  -    1\n");
  CHECK(Run({"reviews", "list", "--model", "other"}).err ==
        "countersign: no reviews are pending (--all)\n");
}

TEST_CASE_METHOD(VerbTest,
                 "reviews approve, deny: several at once; what fails does not stop the rest",
                 "[cli][verbs]") {
  gateway.Answer(kGet, Review());
  gateway.AnswerBy(kApprove, [](const std::string& request) -> absl::StatusOr<std::string> {
    if (absl::StrContains(request, "r-2")) return absl::NotFoundError("there is no review r-2");
    return Review('a', "APPROVED");
  });
  const RunResult run = Run({"reviews", "approve", "r-1", "r-2", "r-3", "-o", "name"});
  CHECK(run.status == 1);
  CHECK(absl::StrContains(run.out, "approved r-1 (APPROVED)\n"));
  CHECK(absl::StrContains(run.out, "approved r-3 (APPROVED)\n"));
  CHECK(absl::StrContains(run.err, "countersign: r-2: there is no review r-2\n"));
  CHECK(Run({"reviews", "approve", "r-1", "r-3", "--hash", Hash('a')}).status == 2);
  gateway.Answer("ReviewService/DenyReview", Review('a', "DENIED"));
  CHECK(Run({"reviews", "deny", "r-1", "r-3", "--reason", "no"}).out ==
        "denied r-1 (DENIED)\ndenied r-3 (DENIED)\n");
}

TEST_CASE_METHOD(VerbTest, "reviews: the beginning of an id names one review", "[cli][verbs]") {
  gateway.Answer(kList, R"({"items":[{"id":"019a-aa"},{"id":"019b-bb"}],"nextPageToken":""})");
  gateway.Answer("ReviewService/DenyReview", Review('a', "DENIED"));
  CHECK(Run({"reviews", "deny", "019b"}).out == "denied 019b-bb (DENIED)\n");
  CHECK(Run({"reviews", "deny", "019"}).status == 2);
  CHECK(Run({"reviews", "deny", "01c"}).err == "countersign: there is no review 01c\n");
}

}  // namespace
}  // namespace countersign::cli
