#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/str_cat.h"
#include "libs/domain/event_payload.h"
#include "libs/json/writer.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kList[] = "SessionService/ListSessions";
constexpr char kGet[] = "SessionService/GetSession";
constexpr char kResources[] = "ResourceService/GetResources";

std::string Stored(const std::string& kind, const std::string& name, const std::string& spec) {
  json::Writer out;
  out.BeginObject().Key("apiVersion").String("countersign/v1").Key("kind").String(kind);
  return out.Key("name").String(name).Key("spec").String(spec).EndObject().TakeString();
}

std::string Prompted(const std::string& text, const std::string& connection = "openai") {
  auto prompt = std::make_shared<domain::Prompt>();
  prompt->operation = "chat.completions";
  prompt->model = "gpt-4o";
  domain::TextPart part;
  part.role = "user";
  part.pointer = "/messages/0/content";
  part.text = text;
  prompt->parts = {part};
  domain::SessionStart start;
  start.connection = connection;
  start.prompt = prompt;
  start.method = "POST";
  start.path = "/openai/v1/chat/completions";
  start.body =
      absl::StrCat(R"({"model":"gpt-4o","messages":[{"role":"user","content":")", text, R"("}]})");
  domain::Principal principal;
  principal.issuer = "countersign";
  principal.subject = principal.identity = "ann";
  principal.groups = {"engineering"};
  return domain::RequestPayload(start, principal);
}

// A gateway with a connection, an allowing policy, a masking profile, and some recorded calls.
class SimulateTest : public VerbTest {
 public:
  SimulateTest() {
    const std::map<std::string, std::string> stored = {
        {"Connection", Stored("Connection", "openai",
                              R"({"credential":"key","protocol":"openai",)"
                              R"("url":"https://api.example/v1"})")},
        {"Credential", Stored("Credential", "key", R"({"sealed":"withheld"})")},
        {"Identity", Stored("Identity", "ann", R"({"kind":"human"})")},
        {"Dictionary", Stored("Dictionary", "names", R"({"terms":["bluebird"]})")},
        {"MaskingProfile",
         Stored("MaskingProfile", "standard",
                R"({"response":[{"action":"replace","dictionary":"names","label":"NAME"}]})")},
        {"Policy", Stored("Policy", "engineers",
                          R"({"match":{"groups":["engineering"]},"then":{"allow":{},)"
                          R"("masking":"standard"}})")},
        {"RoleBinding",
         Stored("RoleBinding", "callers", R"({"groups":["engineering"],"role":"caller"})")}};
    gateway.AnswerBy(kResources,
                     [stored](const std::string& request) -> absl::StatusOr<std::string> {
                       std::string items;
                       for (const auto& [kind, item] : stored) {
                         if (request.find(absl::StrCat("\"", kind, "\"")) != std::string::npos)
                           items = item;
                       }
                       return absl::StrCat(R"({"items":[)", items, R"(],"nextPageToken":""})");
                     });
    gateway.AnswerBy(kGet, [this](const std::string& request) -> absl::StatusOr<std::string> {
      for (const auto& [id, payload] : calls) {
        if (request.find(absl::StrCat("\"", id, "\"")) == std::string::npos) continue;
        json::Writer out;
        out.BeginObject().Key("events").BeginArray().BeginObject().Key("type").String(
            payload.empty() ? "end" : "request");
        out.Key("payload").String(payload).EndObject().EndArray().EndObject();
        return out.TakeString();
      }
      return absl::NotFoundError("there is no session of that id");
    });
  }

  void Record(const std::string& id, const std::string& payload) {
    calls[id] = payload;
    absl::StrAppend(&listed, listed.empty() ? "" : ",", R"({"id":")", id,
                    R"(","startedAt":"2026-01-02T03:04:05.678Z","identity":"ann",)"
                    R"("connection":"openai","model":"gpt-4o","outcome":"completed"})");
  }

  RunResult Simulate(const std::string& draft, std::vector<std::string> more = {}) {
    gateway.Answer(kList, absl::StrCat(R"({"items":[)", listed, R"(],"nextPageToken":""})"));
    std::vector<std::string> words = {"policy",  "simulate", "-f", home.Write("draft.yaml", draft),
                                      "--since", "24h"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  }

  std::map<std::string, std::string> calls;
  std::string listed;
};

std::string Draft(const std::string& kind, const std::string& name, const std::string& spec) {
  return absl::StrCat("---\napiVersion: countersign/v1\nkind: ", kind, "\nmetadata: {name: ", name,
                      "}\nspec: ", spec, "\n");
}

const std::string kReview = Draft(
    "Policy", "names",
    "{priority: 9, when: {keywords: {dictionary: names}}, then: {review: {reviewers: [leads]}}}");

TEST_CASE_METHOD(SimulateTest, "policy simulate: what changed, and the summary", "[cli][verbs]") {
  Record("s-1", Prompted("about bluebird"));
  Record("s-2", Prompted("about nothing"));
  const RunResult run = Simulate(kReview);
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK(run.out ==
        "ID   STARTED               IDENTITY  MODEL   WAS    WOULD BE  POLICY  CHANGE\n"
        "s-1  2026-01-02T03:04:05Z  ann       gpt-4o  allow  review    names   allow -> review\n"
        "\n"
        "2 calls: 1 unchanged, 1 changed, 0 not simulated\n"
        "  allow -> review: 1\n");
  CHECK(run.err.empty());
}

TEST_CASE_METHOD(SimulateTest, "policy simulate: JSON has the same, and is complete",
                 "[cli][verbs]") {
  Record("s-1", Prompted("about bluebird"));
  Record("s-2", Prompted("bluebird again"));
  const RunResult run = Simulate(kReview, {"-o", "json"});
  const auto document = json::Document::Parse(run.out);
  INFO(run.out << run.err << document.status());
  REQUIRE(document.ok());
  const json::Value item = document->root()["items"].at(0);
  CHECK(item["id"].text() == "s-1");
  CHECK(item["was"]["verdict"].text() == "allow");
  CHECK(item["was"]["policy"].text() == "engineers");
  CHECK(item["wouldBe"]["verdict"].text() == "review");
  CHECK(item["wouldBe"]["policy"].text() == "names");
  const json::Value summary = document->root()["summary"];
  CHECK(summary["calls"].integer() == 2);
  CHECK(summary["changes"].at(0)["change"].text() == "allow -> review");
  CHECK(summary["changes"].at(0)["count"].integer() == 2);
}

TEST_CASE_METHOD(SimulateTest, "policy simulate: JSON without a change is complete, too",
                 "[cli][verbs]") {
  const RunResult run = Simulate(kReview, {"-o", "json"});
  const auto document = json::Document::Parse(run.out);
  INFO(run.out);
  REQUIRE(document.ok());
  CHECK(document->root()["items"].size() == 0);
}

TEST_CASE_METHOD(SimulateTest,
                 "policy simulate: --fail-on-change exits with 1 when something changes",
                 "[cli][verbs]") {
  Record("s-1", Prompted("about bluebird"));
  const RunResult changed = Simulate(kReview, {"--fail-on-change"});
  CHECK(changed.status == 1);
  CHECK(changed.err == "countersign: the draft changes 1 of 1 call\n");
  CHECK(Simulate(Draft("Dictionary", "others", "{terms: [fish]}"), {"--fail-on-change"}).status ==
        0);
}

TEST_CASE_METHOD(SimulateTest, "policy simulate: what cannot be simulated is counted, with why",
                 "[cli][verbs]") {
  Record("s-1", "");
  Record("s-2", Prompted("hello", "former"));
  const RunResult run = Simulate(kReview);
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK(run.out ==
        "2 calls: 0 unchanged, 0 changed, 2 not simulated\n"
        "not simulated: 1 call: its connection is gone: former (s-2)\n"
        "not simulated: 1 call: its prompt is not recorded (s-1)\n");
}

TEST_CASE_METHOD(SimulateTest, "policy simulate: a draft replaces resources of the same name",
                 "[cli][verbs]") {
  Record("s-1", Prompted("hello"));
  CHECK(Simulate(Draft("Policy", "engineers", "{then: {deny: {message: closed}}}"))
            .out.find("allow -> deny: 1\n") != std::string::npos);
  CHECK(Simulate(Draft("RoleBinding", "callers", "{role: caller, groups: [others]}"))
            .out.find("deny: permission_denied") != std::string::npos);
}

TEST_CASE_METHOD(SimulateTest, "policy simulate: changes of masking are changes", "[cli][verbs]") {
  Record("s-1", Prompted("hello"));
  CHECK(Simulate(Draft("Policy", "engineers",
                       "{match: {groups: [engineering]}, then: {allow: {}, masking: none}}"))
            .out.find("  allow: masking standard -> none: 1\n") != std::string::npos);
  CHECK(Simulate(Draft("Dictionary", "names", "{terms: [bluebird, fish]}"))
            .out.find("  allow: masking standard has other rules: 1\n") != std::string::npos);
}

TEST_CASE_METHOD(SimulateTest,
                 "policy simulate: every mistake of the draft, before any call is read",
                 "[cli][verbs]") {
  const RunResult run =
      Simulate(Draft("Policy", "p", "{priority: high, when: {keyword: {}}, then: {allow: {}}}"));
  CHECK(run.status == 2);
  CHECK(run.err.find("draft.yaml:") != std::string::npos);
  CHECK(run.err.find("spec.priority") != std::string::npos);
  CHECK(run.err.find("spec.when") != std::string::npos);
  CHECK(gateway.requests(kList).empty());
  const RunResult missing =
      Simulate(Draft("Policy", "p", "{when: {keywords: {dictionary: absent}}, then: {allow: {}}}"));
  CHECK(missing.status == 2);
  CHECK(missing.err.find("absent") != std::string::npos);
}

TEST_CASE_METHOD(SimulateTest, "policy simulate: asks for the window, and for each connection",
                 "[cli][verbs]") {
  const RunResult run = Simulate(kReview, {"--until", "2026-01-02T03:04:05Z", "--connection",
                                           "openai", "--connection", "other"});
  REQUIRE(run.status == 0);
  const std::vector<std::string> requests = gateway.requests(kList);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].find(R"("connection":"openai")") != std::string::npos);
  CHECK(requests[1].find(R"("connection":"other")") != std::string::npos);
  CHECK(requests[0].find(R"("until":"2026-01-02T03:04:05.000Z")") != std::string::npos);
  CHECK(Run({"policy", "simulate", "-f", "x"}).status == 2);
}

TEST_CASE_METHOD(SimulateTest, "policy simulate: a gateway that fails ends it", "[cli][verbs]") {
  Record("s-1", Prompted("hello"));
  gateway.AnswerBy(kGet, [](const std::string&) -> absl::StatusOr<std::string> {
    return absl::UnavailableError("cannot reach the gateway");
  });
  CHECK(Simulate(kReview).status == 1);
}

}  // namespace
}  // namespace countersign::cli
