#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <future>
#include <string>

#include "absl/strings/str_cat.h"
#include "countersign/analyzer/v1/analyzer.grpc.pb.h"
#include "libs/http/testing/http_testing.h"
#include "libs/json/document.h"
#include "services/masking/analysis/analyzer_grpc.h"
#include "services/masking/analysis/analyzer_presidio.h"

namespace countersign::masking::analysis {
namespace {

namespace v1 = countersign::analyzer::v1;

const AnalyzerRequest kRequest = {{"Zo\u00EB Lee", "no one"}, "en", {"person", "location"}};

absl::StatusOr<std::vector<Finding>> Ask(Analyzer& analyzer, const AnalyzerRequest& request,
                                         absl::Duration timeout = absl::Seconds(30)) {
  std::promise<absl::StatusOr<std::vector<Finding>>> promise;
  analyzer.Analyze(request, SystemClock().Now() + timeout,
                   [&](auto findings) { promise.set_value(std::move(findings)); });
  return promise.get_future().get();
}

class FakeService final : public v1::AnalyzerService::Service {
 public:
  grpc::Status Analyze(grpc::ServerContext*, const v1::AnalyzeRequest* request,
                       v1::AnalyzeResponse* response) override {
    asked = *request;
    v1::Finding& finding = *response->add_findings();
    finding.set_text(0);
    finding.set_end(4);
    finding.set_entity("person");
    finding.set_score(0.75);
    return status;
  }
  v1::AnalyzeRequest asked;
  grpc::Status status;
};

struct GrpcFixture {
  GrpcFixture() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
  }
  FakeService service;
  std::unique_ptr<grpc::Server> server;
};

TEST_CASE("GrpcAnalyzer: the request and its findings", "[masking]") {
  GrpcFixture fixture;
  GrpcAnalyzer analyzer(fixture.server->InProcessChannel({}));
  const auto findings = Ask(analyzer, kRequest);
  REQUIRE(findings.ok());
  REQUIRE(findings->size() == 1);
  CHECK((*findings)[0].end == 4);
  CHECK((*findings)[0].entity == "person");
  CHECK((*findings)[0].score == 0.75);
  CHECK(fixture.service.asked.texts(0) == "Zo\u00EB Lee");
  CHECK(fixture.service.asked.language() == "en");
  CHECK(fixture.service.asked.entities(1) == "location");
}

TEST_CASE("GrpcAnalyzer: an error of the service, and none that is there", "[masking]") {
  GrpcFixture fixture;
  fixture.service.status = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
  GrpcAnalyzer analyzer(fixture.server->InProcessChannel({}));
  CHECK(Ask(analyzer, kRequest).status().code() == absl::StatusCode::kResourceExhausted);
  GrpcAnalyzer nobody(*MakeAnalyzerChannel("127.0.0.1:1", false, ""));
  CHECK(Ask(nobody, kRequest).status().code() == absl::StatusCode::kUnavailable);
  CHECK(MakeAnalyzerChannel("x:1", true, "/nowhere.pem").status().code() ==
        absl::StatusCode::kFailedPrecondition);
}

// Presidio as its server is: it refuses what it does not expect.
struct FakePresidio {
  std::string answer;
  int status = 200;
  http::testing::TestServer server{[this](http::Exchange& exchange) -> async::Awaitable<void> {
    const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    http::ResponseHead head;
    head.headers.Add("content-type", "application/json");
    head.status = Accepts(exchange, body.ok() ? *body : "") ? status : 500;
    (void)co_await exchange.Respond(std::move(head), answer);
  }};

  static bool Accepts(http::Exchange& exchange, const std::string& body) {
    const auto document = json::Document::Parse(body);
    if (!document.ok() || exchange.head().method != "POST" ||
        exchange.head().target != "/analyze" ||
        exchange.head().headers.Get("content-type") != "application/json") {
      return false;
    }
    const json::Value root = document->root();
    return root.size() == 3 && root["text"].size() == 2 &&
           root["text"].at(0).text() == "Zo\u00EB Lee" && root["language"].text() == "en" &&
           root["entities"].at(0).text() == "PERSON" && root["entities"].at(1).text() == "LOCATION";
  }
  std::string url() { return absl::StrCat("http://", server.address()); }
};

TEST_CASE("PresidioAnalyzer: characters become bytes", "[masking]") {
  FakePresidio presidio;
  presidio.answer =
      R"([[{"analysis_explanation":null,"end":7,"entity_type":"PERSON","score":0.85,"start":0},
           {"end":3,"entity_type":"LOCATION","score":1,"start":2}],[]])";
  const SystemClock clock;
  PresidioAnalyzer analyzer(presidio.url(), clock, "");
  const auto findings = Ask(analyzer, kRequest);
  REQUIRE(findings.ok());
  REQUIRE(findings->size() == 2);
  CHECK((*findings)[0].begin == 0);
  CHECK((*findings)[0].end == 8);
  CHECK((*findings)[0].entity == "person");
  CHECK((*findings)[1].begin == 2);
  CHECK((*findings)[1].end == 4);
  CHECK(CheckFindings(kRequest, *findings).ok());
}

TEST_CASE("PresidioAnalyzer: other answers are errors", "[masking]") {
  const std::string answer =
      GENERATE(as<std::string>(), "", "x", "{}", "[]", "[[]]", "[[],[],[]]", "[[],{}]", "[[1],[]]",
               R"([[{"end":7,"entity_type":"PERSON","score":0.85}],[]])",
               R"([[{"start":0,"end":8,"entity_type":"PERSON","score":0.85}],[]])",
               R"([[{"start":-1,"end":7,"entity_type":"PERSON","score":0.85}],[]])",
               R"([[{"start":3,"end":3,"entity_type":"PERSON","score":0.85}],[]])",
               R"([[{"start":0.5,"end":3,"entity_type":"PERSON","score":0.85}],[]])",
               R"([[{"start":0,"end":3,"entity_type":7,"score":0.85}],[]])");
  CHECK(ReadPresidioAnswer(kRequest, answer).status().code() == absl::StatusCode::kInternal);
}

TEST_CASE("PresidioAnalyzer: a status other than 200, and nobody there", "[masking]") {
  FakePresidio presidio;
  presidio.status = 500;
  const SystemClock clock;
  PresidioAnalyzer analyzer(presidio.url(), clock, "");
  CHECK(Ask(analyzer, kRequest).status() == absl::UnavailableError("Presidio answered HTTP 500"));
  PresidioAnalyzer nobody("http://127.0.0.1:1", clock, "");
  CHECK_FALSE(Ask(nobody, kRequest).ok());
  CHECK_FALSE(Ask(analyzer, kRequest, absl::ZeroDuration()).ok());
}

}  // namespace
}  // namespace countersign::masking::analysis
