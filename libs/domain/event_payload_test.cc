#include "libs/domain/event_payload.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/json/document.h"

namespace countersign::domain {
namespace {

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

TEST_CASE("ReviewEndPayload: says who ended a review, when and why", "[domain]") {
  const auto read = [](const ReviewStatus& status) {
    auto document = json::Document::Parse(ReviewEndPayload(status));
    REQUIRE(document.ok());
    return *std::move(document);
  };
  const auto text = [](const json::Document& document, absl::string_view name) {
    return std::string(document.root()[name].text());
  };
  ReviewStatus status;
  status.review_id = "rv1";
  status.votes = {{"ann", true, "looked at it", absl::FromUnixSeconds(1)},
                  {"bob", true, "", absl::FromUnixSeconds(2)}};
  for (const ReviewState used :
       {ReviewState::kApproved, ReviewState::kConsumed, ReviewState::kExhausted}) {
    status.state = used;
    CHECK(ReviewEndType(used) == "review.approved");
    const json::Document approved = read(status);
    CHECK(approved.root()["approvers"].size() == 2);
    CHECK(text(approved, "at") == "1970-01-01T00:00:02.000Z");
    CHECK(approved.root()["votes"].at(0)["reason"].text() == "looked at it");
    const auto record = ReadReviewPayload(ReviewEndPayload(status));
    REQUIRE(record.ok());
    CHECK(record->approvers == std::vector<std::string>{"ann", "bob"});
  }
  status.state = ReviewState::kDenied;
  status.reason = "no\xff";
  status.votes[1] = {"eve", false, status.reason, absl::FromUnixSeconds(3)};
  const json::Document denied = read(status);
  CHECK(ReviewEndType(status.state) == "review.denied");
  CHECK(text(denied, "reviewer") == "eve");
  CHECK(text(denied, "reason") == "base64url:bm__");
  CHECK(text(denied, "at") == "1970-01-01T00:00:03.000Z");
  CHECK(denied.root()["votes"].at(1)["decision"].text() == "DENY");
  CHECK(ReadReviewPayload(ReviewEndPayload(status))->approvers.empty());
  status.state = ReviewState::kRevoked;
  status.revoked_by = "rita";
  status.revoked_at = absl::FromUnixSeconds(9);
  CHECK(ReviewEndType(status.state) == "review.revoked");
  CHECK(text(read(status), "reviewer") == "rita");
  CHECK(text(read(status), "at") == "1970-01-01T00:00:09.000Z");
  status.state = ReviewState::kExpired;
  CHECK(ReviewEndType(status.state) == "review.expired");
  CHECK(text(read(status), "at").empty());  // not known
  for (const ReviewState open :
       {ReviewState::kUnspecified, ReviewState::kPending, ReviewState::kCancelled}) {
    CHECK(ReviewEndType(open).empty());
  }
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

// A text that may be empty, have characters that JSON escapes, or not be UTF-8.
std::string RandomText(std::mt19937& random) {
  static const char* const kPieces[] = {"a",        "\"",   "\\",           "\n",
                                        "\xc3\xa9", "\xff", "\xed\xa0\x80", "}"};
  std::string text;
  for (std::size_t left = random() % 5; left > 0; --left) text += kPieces[random() % 8];
  return text;
}

TEST_CASE("MakeRequestRecord: equals what is read from the payload, for any bytes", "[domain]") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    SessionStart start;
    Principal principal;
    auto prompt = std::make_shared<Prompt>();
    for (std::string* text :
         {&start.request_id, &start.connection, &start.method, &start.path, &start.body,
          &start.client_address, &start.user_agent, &principal.issuer, &principal.subject,
          &principal.identity, &principal.owner, &prompt->model, &prompt->operation}) {
      *text = RandomText(random);
    }
    principal.groups = {RandomText(random)};
    prompt->stream = random() % 2 == 0;
    prompt->tools = {RandomText(random)};
    for (std::size_t left = random() % 4; left > 0; --left) {
      prompt->parts.push_back({RandomText(random), RandomText(random), RandomText(random)});
    }
    if (random() % 8 != 0) start.prompt = prompt;
    const auto read = ReadRequestPayload(RequestPayload(start, principal));
    REQUIRE(read.ok());
    const RequestRecord made = MakeRequestRecord(start, principal);
    CHECK(read->request_id == made.request_id);
    CHECK(read->principal.issuer == made.principal.issuer);
    CHECK(read->principal.subject == made.principal.subject);
    CHECK(read->principal.identity == made.principal.identity);
    CHECK(read->connection == made.connection);
    CHECK(read->model == made.model);
    CHECK(read->operation == made.operation);
    CHECK(read->stream == made.stream);
    CHECK(read->texts == made.texts);
  }
}

TEST_CASE("DecisionPayload: contains every field of the decision", "[domain]") {
  Decision decision;
  decision.verdict = Verdict::kDeny;
  decision.policy = "no-codenames";
  decision.policy_version = 12;
  decision.message = "say \"please\"";
  decision.findings = {{"no-codenames", "keywords", "codenames", 2, 5, 13}};
  decision.prompt_tokens = 210;
  decision.masking_profile = "tier2";
  const auto document = json::Document::Parse(DecisionPayload(decision));
  REQUIRE(document.ok());
  const json::Value root = document->root();
  CHECK(root["verdict"].text() == "deny");
  CHECK(root["policy"].text() == "no-codenames");
  CHECK(root["policy_version"].integer() == 12);
  CHECK(root["message"].text() == decision.message);
  REQUIRE(root["findings"].size() == 1);
  const json::Value finding = root["findings"].at(0);
  CHECK(finding["policy"].text() == "no-codenames");
  CHECK(finding["condition"].text() == "keywords");
  CHECK(finding["rule"].text() == "codenames");
  CHECK(finding["part"].integer() == 2);
  CHECK(finding["begin"].integer() == 5);
  CHECK(finding["end"].integer() == 13);
  CHECK(root["tokens"].integer() == 210);
  CHECK(root["masking"].text() == "tier2");
  CHECK(root["recording"].text() == "strict");
}

TEST_CASE("ForwardPayload, ResponseDataPayload: masked spans have their place and original",
          "[domain]") {
  const std::vector<DeliveredSpan> masked = {
      {"/messages/0/content", {3, 9, "us_ssn", "078-05-1120"}},
      {"/x\xff", {0, 1, "custom", "\xfe"}}};
  for (const std::string& payload :
       {ForwardPayload("ab12", 77, masked), ResponseDataPayload("delivered", masked)}) {
    const auto document = json::Document::Parse(payload);
    INFO(payload);
    REQUIRE(document.ok());
    const json::Value spans = document->root()["masked"];
    REQUIRE(spans.size() == 2);
    CHECK(spans.at(0)["field"].text() == "/messages/0/content");
    CHECK(spans.at(0)["begin"].integer() == 3);
    CHECK(spans.at(0)["end"].integer() == 9);
    CHECK(spans.at(0)["entity"].text() == "us_ssn");
    CHECK(spans.at(0)["original"].text() == "078-05-1120");
    CHECK(spans.at(1)["field"].text() == "base64url:L3j_");
    CHECK(spans.at(1)["original"].text() == "base64url:_g");
  }
  const auto forward = json::Document::Parse(ForwardPayload("ab12", 77, {}));
  REQUIRE(forward.ok());
  CHECK(forward->root()["binding_hash"].text() == "ab12");
  CHECK(forward->root()["bytes"].integer() == 77);
  CHECK(forward->root()["masked"].size() == 0);
}

TEST_CASE("ForwardPayload, ResponseDataPayload: analyzers that did not look are named",
          "[domain]") {
  CHECK(ForwardPayload("ab12", 7, {}, {"places", "names"}) ==
        R"({"binding_hash":"ab12","bytes":7,"masked":[],"unanalyzed":["names","places"]})");
  CHECK(ResponseDataPayload("x", {}, {"names"}) ==
        R"({"text":"x","masked":[],"unanalyzed":["names"]})");
  CHECK(ResponseDataPayload("x", {}) == R"({"text":"x","masked":[]})");
}

TEST_CASE("ResponseHeadPayload: headers in their order, repeated ones and bytes that are not UTF-8",
          "[domain]") {
  const auto document = json::Document::Parse(
      ResponseHeadPayload(429, {{"retry-after", "3"}, {"x", "1"}, {"x", "2"}, {"x", "\xe9"}}));
  REQUIRE(document.ok());
  CHECK(document->root()["status"].integer() == 429);
  const json::Value headers = document->root()["headers"];
  REQUIRE(headers.size() == 4);
  CHECK(headers.at(0).at(0).text() == "retry-after");
  CHECK(headers.at(0).at(1).text() == "3");
  CHECK(headers.at(1).at(1).text() == "1");
  CHECK(headers.at(2).at(1).text() == "2");
  CHECK(headers.at(3).at(1).text() == "base64url:6Q");
}

TEST_CASE("ReviewWaitingPayload: the hash, and the time in UTC", "[domain]") {
  const auto document = json::Document::Parse(
      ReviewWaitingPayload("rv1", "ab12", absl::FromUnixMillis(1'700'000'000'123)));
  REQUIRE(document.ok());
  CHECK(document->root()["binding_hash"].text() == "ab12");
  CHECK(document->root()["expires_at"].text() == "2023-11-14T22:13:20.123Z");
}

TEST_CASE("ReadEndPayload: malformed counts are zero, and an outcome is required", "[domain]") {
  for (const char* count : {"-1", "4294967296", "1.5", "\"7\"", "null"}) {
    INFO(count);
    const auto read = ReadEndPayload(absl::StrCat(R"({"outcome":"killed","tokens":{"input":)",
                                                  count, R"(},"masked":{"a":)", count, "}}"));
    REQUIRE(read.ok());
    CHECK(read->outcome == Outcome::kKilled);
    CHECK(read->input_tokens == 0);
    CHECK(read->output_tokens == 0);
    CHECK(read->masked == std::map<std::string, std::uint32_t>{{"a", 0}});
  }
  CHECK(ReadEndPayload(R"({"outcome":"killed","tokens":{"output":4294967295}})")->output_tokens ==
        UINT32_MAX);
  SessionEnd running;
  running.outcome = Outcome::kRunning;
  CHECK_FALSE(ReadEndPayload(EndPayload(running)).ok());
}

TEST_CASE("ReadDecisionPayload: refuses a decision without a version or a known recording mode",
          "[domain]") {
  CHECK(ReadDecisionPayload(R"({"policy":"","policy_version":0,"recording":"strict"})").ok());
  for (const char* bad : {R"({"policy":"p","recording":"strict"})",
                          R"({"policy":"p","policy_version":-1,"recording":"strict"})",
                          R"({"policy":"p","policy_version":1.5,"recording":"strict"})",
                          R"({"policy":"p","policy_version":1})",
                          R"({"policy":"p","policy_version":1,"recording":"STRICT"})",
                          R"({"policy_version":1,"recording":"strict"})"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(ReadDecisionPayload(bad).status()));
  }
}

TEST_CASE("Readers of payloads: refuse deep nesting, repeated members and truncated payloads",
          "[domain]") {
  SessionEnd end;
  end.outcome = Outcome::kCompleted;
  const std::string whole = EndPayload(end);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(ReadEndPayload(absl::string_view(whole).substr(0, size)).ok());
  }
  CHECK_FALSE(ReadEndPayload(R"({"outcome":"killed","outcome":"completed"})").ok());
  CHECK_FALSE(ReadEndPayload(R"({"outcome":"killed","x":[[[[[[[[[1]]]]]]]]]})").ok());
  CHECK_FALSE(ReadResponseDataPayload(R"({"text_base64":"!"})").ok());
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

}  // namespace
}  // namespace countersign::domain
