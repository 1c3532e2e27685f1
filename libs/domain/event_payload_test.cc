#include "libs/domain/event_payload.h"

#include <catch2/catch.hpp>

#include "libs/json/document.h"

namespace countersign::domain {

TEST_CASE("RequestPayload: contains principal, connection, operation and the unchanged body",
          "[domain]") {
  auto prompt = std::make_shared<Prompt>();
  prompt->operation = "chat.completions";
  prompt->model = "gpt-4o";
  prompt->stream = true;
  prompt->tools = {"search"};
  prompt->parts = {{"user", "/messages/0/content", "drop \"it\""}};
  SessionStart start;
  start.request_id = "r1";
  start.connection = "openai";
  start.prompt = prompt;
  start.method = "POST";
  start.path = "/v1/chat/completions";
  start.body = "{\"messages\" : []}\n";
  Principal principal;
  principal.issuer = "https://idp";
  principal.subject = "u1";
  principal.kind = IdentityKind::kHuman;
  principal.groups = {"dev"};
  const std::string payload = RequestPayload(start, principal);
  const auto document = json::Document::Parse(payload);
  INFO(payload);
  REQUIRE(document.ok());
  const json::Value root = document->root();
  CHECK(root["body"].text() == start.body);
  CHECK(root["principal"]["subject"].text() == "u1");
  CHECK(root["principal"]["groups"].at(0).text() == "dev");
  CHECK(root["parts"].at(0)["text"].text() == "drop \"it\"");
  CHECK(root["model"].text() == "gpt-4o");
  CHECK(root["stream"].boolean() == true);
  const auto record = ReadRequestPayload(payload);
  REQUIRE(record.ok());
  CHECK(record->request_id == "r1");
  CHECK(record->principal.DisplayName() == principal.DisplayName());
  CHECK(record->connection == "openai");
  CHECK(record->model == "gpt-4o");
  CHECK(record->operation == "chat.completions");
  CHECK(record->stream);
  CHECK(record->texts == std::vector<std::string>{"drop \"it\""});
  const RequestRecord direct = MakeRequestRecord(start, principal);
  CHECK(direct.request_id == record->request_id);
  CHECK(direct.principal.issuer == record->principal.issuer);
  CHECK(direct.principal.subject == record->principal.subject);
  CHECK(direct.principal.identity == record->principal.identity);
  CHECK(direct.connection == record->connection);
  CHECK(direct.model == record->model);
  CHECK(direct.operation == record->operation);
  CHECK(direct.stream == record->stream);
  CHECK(direct.texts == record->texts);
}

TEST_CASE("RequestPayload: headers that are not UTF-8 do not make the payload invalid",
          "[domain]") {
  SessionStart start;
  start.user_agent = "\xff\xfe";
  start.body = "\x80\x81";
  const auto document = json::Document::Parse(RequestPayload(start, Principal{}));
  REQUIRE(document.ok());
  CHECK(document->root()["user_agent"].text() == "base64url:__4");
  CHECK(document->root()["body_base64"].text() == "gIE");
}

TEST_CASE("ReadDecisionPayload: returns the policy, its version and the recording mode",
          "[domain]") {
  Decision decision;
  decision.verdict = Verdict::kReview;
  decision.policy = "regulated";
  decision.policy_version = 7;
  decision.recording = Recording::kOrdered;
  decision.findings = {{"regulated", "keywords", "hipaa", 1, 3, 9}};
  const auto record = ReadDecisionPayload(DecisionPayload(decision));
  REQUIRE(record.ok());
  CHECK(record->policy == "regulated");
  CHECK(record->policy_version == 7);
  CHECK(record->recording == Recording::kOrdered);
}

TEST_CASE("ReadReviewPayload: reads both events of a review", "[domain]") {
  const auto waiting = ReadReviewPayload(ReviewWaitingPayload("rv1", "ab", absl::UnixEpoch()));
  REQUIRE(waiting.ok());
  CHECK(waiting->review_id == "rv1");
  CHECK(waiting->approvers.empty());
  const auto consumed = ReadReviewPayload(ReviewConsumedPayload({"rv1", {"ann", "bob"}}));
  REQUIRE(consumed.ok());
  CHECK(consumed->approvers == std::vector<std::string>{"ann", "bob"});
}

TEST_CASE("ReadEndPayload: returns the outcome, tokens and masked counts", "[domain]") {
  SessionEnd end;
  end.outcome = Outcome::kBlocked;
  end.code = "policy_denied";
  end.input_tokens = 12;
  end.output_tokens = 34;
  end.masked = {{"credit_card", 2}, {"secret.github_token", 1}};
  const auto read = ReadEndPayload(EndPayload(end));
  REQUIRE(read.ok());
  CHECK(read->outcome == Outcome::kBlocked);
  CHECK(read->code == "policy_denied");
  CHECK(read->input_tokens == 12);
  CHECK(read->output_tokens == 34);
  CHECK(read->masked == end.masked);
}

TEST_CASE("ReadResponseDataPayload: returns every delivered byte", "[domain]") {
  for (const std::string& piece : {std::string("data: {\"a\":\"\xc3\xa9\"}\n\n"),
                                   std::string("\x00\xff\x80", 3), std::string()}) {
    const std::string payload =
        ResponseDataPayload(piece, {{"choices/0/content", {0, 4, "us_ssn", "123-45-6789"}}});
    INFO(payload);
    const auto read = ReadResponseDataPayload(payload);
    REQUIRE(read.ok());
    CHECK(*read == piece);
  }
}

TEST_CASE("Readers of payloads: refuse other payloads", "[domain]") {
  for (const char* bad : {"", "{}", "[]", "{\"outcome\":\"nonsense\"}", "{\"policy\":1}", "\xff"}) {
    INFO(bad);
    CHECK_FALSE(ReadRequestPayload(bad).ok());
    CHECK_FALSE(ReadDecisionPayload(bad).ok());
    CHECK_FALSE(ReadReviewPayload(bad).ok());
    CHECK_FALSE(ReadEndPayload(bad).ok());
    CHECK_FALSE(ReadResponseDataPayload(bad).ok());
  }
}

}  // namespace countersign::domain
