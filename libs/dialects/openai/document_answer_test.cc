#include "libs/dialects/openai/document_answer.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/dialects/testing/literal_masking.h"

namespace countersign::dialects::openai {
namespace {

absl::StatusOr<Delivery> Pass(const std::string& body, DocumentAnswer::Options options = {},
                              Usage* usage = nullptr,
                              CompletionGrammar::ServesModel serves = nullptr) {
  DocumentAnswer reader(options, std::move(serves));
  for (const char c : body) REQUIRE(reader.Feed(std::string(1, c))->empty());
  const auto asked = reader.Finish();
  if (!asked.ok()) return asked.status();
  testing::LiteralMasking masking;
  auto deliveries = reader.Release(masking.Apply(*asked));
  if (!deliveries.ok()) return deliveries.status();
  if (usage != nullptr) *usage = reader.usage();
  if (deliveries->empty()) return Delivery();
  CHECK(deliveries->size() == 1);
  CHECK(deliveries->front().is_final);
  return deliveries->front();
}

TEST_CASE("DocumentAnswer: a body without a match passes byte for byte", "[dialects]") {
  const std::string body =
      "{ \"id\":\"x\",\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"caf\\u00e9 "
      "\\/\"},\"finish_reason\":\"stop\",\"logprobs\":null}],\n\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":2} }";
  Usage usage;
  CHECK(Pass(body, {}, &usage).value().bytes == body);
  CHECK(usage.input_tokens == 5);
  CHECK(usage.output_tokens == 2);
}

TEST_CASE("DocumentAnswer: what parsers read in different ways is made unambiguous", "[dialects]") {
  CHECK(Pass(R"({"choices":[{"message":{"content":"a SECRET","content":"b"}}]})").value().bytes ==
        R"({"choices":[{"message":{"content":"b"}}]})");
  CHECK(Pass(R"({"choices":[],"choices":[{"message":{"content":"SECRET"}}]})").value().bytes ==
        R"({"choices":[{"message":{"content":"<S>"}}]})");
  CHECK(Pass("\xef\xbb\xbf{\"choices\":[]}").value().bytes == "{\"choices\":[]}");
  CHECK(Pass(R"({"choices":[{"message":{"content":"\ud800","x":1,"x":2}}]})").value().bytes ==
        R"({"choices":[{"message":{"content":"\ufffd","x":2}}]})");
}

TEST_CASE("DocumentAnswer: numbers of any size pass as they are written", "[dialects]") {
  const std::string body =
      R"({"created":1e400,"choices":[],"n":123456789012345678901234567890,"usage":{"x":-1e999}})";
  CHECK(Pass(body).value().bytes == body);
  CHECK(Pass(R"({"choices":[],"n":[1e400,777]})").value().bytes ==
        R"({"choices":[],"n":[1e400,"<N>"]})");
}

TEST_CASE("DocumentAnswer: names and error messages are masked", "[dialects]") {
  DocumentAnswer::Options failed;
  failed.status = 400;
  CHECK(Pass(R"({"error":{"message":"no","type":"aSECRETb","param":"SECRET","code":"SECRET"}})",
             failed)
            .value()
            .bytes == R"({"error":{"message":"no","type":"a<S>b","param":"<S>","code":"<S>"}})");
  // So are identifiers from a server.
  CHECK(Pass(R"({"id":"xSECRETy","model":"SECRET-1","choices":[]})").value().bytes ==
        R"({"id":"x<S>y","model":"<S>-1","choices":[]})");
}

TEST_CASE("DocumentAnswer: only the strings that change are replaced, at any place", "[dialects]") {
  const Delivery delivery =
      Pass(
          R"({"choices":[{"message":{"content":"a \u0053ECRET","tool_calls":[{"id":"c","function":)"
          R"({"name":"f","arguments":"{\"k\":\"SECRET\"}"}}]}}, {"message":{"x":["SECRET"]}}],)"
          R"("note":"SECRET" })")
          .value();
  CHECK(delivery.bytes ==
        R"({"choices":[{"message":{"content":"a <S>","tool_calls":[{"id":"c","function":)"
        R"({"name":"f","arguments":"{\"k\":\"<S>\"}"}}]}}, {"message":{"x":["<S>"]}}],)"
        R"("note":"<S>" })");
  REQUIRE(delivery.masked.size() == 4);
  CHECK(delivery.masked[0].field == "choices/0/content");
  CHECK(delivery.masked[1].field == "choices/0/tool_calls/0/function/arguments");
  CHECK(delivery.masked[0].span.original == "SECRET");
}

TEST_CASE("DocumentAnswer: probabilities of a masked text are dropped, of others kept",
          "[dialects]") {
  const auto body = [](const char* text) {
    return absl::StrCat(R"({"choices":[{"message":{"content":")", text,
                        R"("},"logprobs":{"content":[{"token":")", text, R"(","bytes":null}]}}]})");
  };
  CHECK(Pass(body("fine")).value().bytes == body("fine"));
  CHECK(Pass(body("SECRET")).value().bytes ==
        R"({"choices":[{"message":{"content":"<S>"},"logprobs":null}]})");
}

TEST_CASE("DocumentAnswer: probabilities that could spell another text are dropped", "[dialects]") {
  const auto kept = [](const char* logprobs) {
    const std::string body = absl::StrCat(
        R"({"choices":[{"message":{"content":"hi","refusal":"no"},"logprobs":)", logprobs, "}]}");
    return Pass(body).value().bytes == body;
  };
  CHECK(kept(R"({"content":[{"token":"hi","bytes":[104,105]}],"refusal":null})"));
  CHECK(kept(R"({"content":null,"refusal":[{"token":"no"}]})"));
  CHECK_FALSE(kept(R"({"content":[{"token":"hi","bytes":[52,49]}]})"));
  CHECK_FALSE(kept(R"({"content":[{"token":"hi"}],"refusal":[{"token":"4111"}]})"));
  CHECK_FALSE(kept(R"({"content":[],"refusal":[{"token":"4111"}]})"));
  CHECK_FALSE(kept(R"({"content":[{"token":"hi"}],"more":[{"token":"4111"}]})"));
  CHECK_FALSE(kept(R"({"content":[{"token":"hi","text":"4111"}]})"));
  CHECK_FALSE(kept(R"({"content":[{"bytes":[52]}]})"));
}

TEST_CASE("DocumentAnswer: an upstream's error is masked, whether JSON or not", "[dialects]") {
  DocumentAnswer::Options options;
  options.status = 400;
  CHECK(Pass(R"({"error":{"message":"no SECRET","code":"x"}})", options).value().bytes ==
        R"({"error":{"message":"no <S>","code":"x"}})");
  CHECK(Pass("plain SECRET \xff", options).value().bytes == "plain <S> \xef\xbf\xbd");
  CHECK(Pass("", options).value().bytes.empty());
}

TEST_CASE("DocumentAnswer: an error with an escaped secret is refused", "[dialects]") {
  DocumentAnswer::Options options;
  options.status = 500;
  for (const char* body :
       {R"(trace: {"k": "SEC\u0052ET"} at line 1)", R"({"k": "SEC\\\u0052ET", })",
        R"(<p>SEC&#82;ET</p>)", R"(GET /?q=SE%43RET failed)", R"(SECRET and \x53ECRET)"}) {
    CAPTURE(body);
    CHECK(absl::IsFailedPrecondition(Pass(body, options).status()));
  }
  // In JSON the string that has it is replaced.
  CHECK(Pass(R"({"error":{"message":"a SEC&#x52;ET","code":"x"}})", options).value().bytes ==
        R"({"error":{"message":"<S>","code":"x"}})");
  CHECK(Pass(R"({"error":{"message":"SE<b>CR</b>ET","param":"a &amp; SECRET"}})", options)
            .value()
            .bytes == R"({"error":{"message":"<S>","param":"a &amp; <S>"}})");
  // Unescaped matches are masked, whatever else is escaped.
  CHECK(Pass(R"(caf\u00e9 100% SECRET \n)", options).value().bytes == R"(caf\u00e9 100% <S> \n)");
}

TEST_CASE("DocumentAnswer: a secret split over the parts of one content is masked", "[dialects]") {
  CHECK(Pass(R"({"choices":[{"message":{"content":[{"type":"text","text":"a SEC"},)"
             R"({"type":"text","text":"RET b"}]}},{"message":{"content":["SE","CRET"]}}]})")
            .value()
            .bytes == R"({"choices":[{"message":{"content":[{"type":"text","text":"a "},)"
                      R"({"type":"text","text":"<S> b"}]}},{"message":{"content":["","<S>"]}}]})");
}

TEST_CASE("DocumentAnswer: tool calls are separate texts", "[dialects]") {
  const std::string body =
      R"({"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"SEC"}},)"
      R"({"id":"b","function":{"name":"g","arguments":"RET"}}]}}]})";
  CHECK(Pass(body).value().bytes == body);
}

TEST_CASE("DocumentAnswer: numbers are masked, except those of the protocol", "[dialects]") {
  const std::string body =
      R"({"created":777,"choices":[{"index":0,"message":{"content":"x","score":12}}],)"
      R"("usage":{"total_tokens":777,"details":{"t":777.25}},"list":[777,{"n":7.77e2},1777]})";
  CHECK(
      Pass(body).value().bytes ==
      R"({"created":777,"choices":[{"index":0,"message":{"content":"x","score":12}}],)"
      R"("usage":{"total_tokens":777,"details":{"t":777.25}},"list":["<N>",{"n":"<N>"},"1<N>"]})");
  CHECK(Pass(R"({"created":777777777777})").value().bytes == R"({"created":"<N><N><N><N>"})");
}

TEST_CASE("DocumentAnswer: an answer that is not JSON is refused", "[dialects]") {
  for (const char* body : {"nonsense", R"({"a":1,"a":})", R"({"a":01})", R"({"a":1} {})"}) {
    CHECK(absl::IsUnavailable(Pass(body).status()));
  }
}

TEST_CASE("DocumentAnswer: a list of models has only those that the connection serves",
          "[dialects]") {
  const auto serves = [](absl::string_view model) { return absl::StartsWith(model, "gpt"); };
  CHECK(Pass(R"({"object":"list","data":[{"id":"gpt-1"},{"id":"o9"},{"id":"gpt-2"}]})", {}, nullptr,
             serves)
            .value()
            .bytes == R"({"object":"list","data":[{"id":"gpt-1"},{"id":"gpt-2"}]})");
  const std::string all = R"({"data": [ {"id":"gpt-1"} ]})";
  CHECK(Pass(all, {}, nullptr, serves).value().bytes == all);
}

TEST_CASE("DocumentAnswer: an answer of unknown form is masked in every string, or refused",
          "[dialects]") {
  const std::string odd = R"({"output":[{"type":"odd","SEC":["a SECRET",{"b":"SECRET"}]}]})";
  CHECK(Pass(odd).value().bytes == R"({"output":[{"type":"odd","SEC":["a <S>",{"b":"<S>"}]}]})");
  DocumentAnswer::Options refuse;
  refuse.refuse_unknown = true;
  CHECK(GetReason(Pass(odd, refuse).status()) == kUnknownEvent);
  const std::string known = R"({"choices":[{"message":{"content":"a"}}],"odd":{"type":"odd"}})";
  CHECK(Pass(known, refuse).value().bytes == known);
  refuse.status = 500;  // errors of upstreams may have any form
  CHECK(Pass(R"({"detail":"SECRET"})", refuse).value().bytes == R"({"detail":"<S>"})");
  refuse.status = 200;
  refuse.masked = false;
  CHECK(Pass(odd, refuse).value().bytes == odd);
}

}  // namespace
}  // namespace countersign::dialects::openai
