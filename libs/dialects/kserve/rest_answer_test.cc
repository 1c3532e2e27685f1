#include "libs/dialects/kserve/rest_answer.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/kserve/dialect.h"
#include "libs/dialects/kserve/testing/messages.h"
#include "libs/dialects/kserve/testing/rest.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/dialects/testing/pass_pieces.h"

namespace countersign::dialects::kserve {
namespace {

using dialects::testing::PassPieces;
using dialects::testing::SplitIntoBytes;
using testing::BinaryTensor;
using testing::Element;
using testing::JsonText;

struct Passed {
  std::string bytes;
  HeaderList headers;
  std::vector<std::string> fields;  // of masked spans
};

// A body, read and masked.
absl::StatusOr<Passed> Pass(const std::string& json, const std::string& binary = "",
                            int status = 200) {
  HeaderList headers;
  if (!binary.empty()) headers = {{testing::kHeadSize, absl::StrCat(json.size())}};
  const auto reader =
      OpenRestAnswer(ReadCall(), {status, "application/json", &headers}, AnswerOptions());
  for (const std::string& piece : SplitIntoBytes(json + binary)) {
    if (const auto fed = reader->Feed(piece); !fed.ok()) return fed.status();
    if (const auto none = reader->Release({}); !none.ok()) return none.status();
  }
  const auto pieces = reader->Finish();
  if (!pieces.ok()) return pieces.status();
  dialects::testing::LiteralMasking masking;
  auto released = reader->Release(masking.Apply(*pieces));
  if (!released.ok()) return released.status();
  Passed passed;
  for (const Delivery& delivery : *released) {
    passed.bytes += delivery.bytes;
    passed.headers = delivery.headers;
    for (const auto& masked : delivery.masked) passed.fields.push_back(masked.field);
  }
  return passed;
}

std::string Answer(const std::string& outputs, const std::string& id = "r-1") {
  return absl::StrCat(R"({"model_name":"llm","id":")", id, R"(","outputs":[)", outputs, "]}");
}

TEST_CASE("KServe over REST: texts of an answer are masked, numbers of tensors pass", "[kserve]") {
  const std::string numbers = R"(,{"name":"n","datatype":"INT64","shape":[2],"data":[777,1]})";
  const auto passed = Pass(Answer(JsonText("t", 2, R"(["a SECRET","b"])") + numbers));
  REQUIRE(passed.ok());
  CHECK(passed->bytes == Answer(JsonText("t", 2, R"(["a <S>","b"])") + numbers));
  CHECK(passed->fields == std::vector<std::string>{"outputs/t/0"});
  CHECK(passed->headers.empty());
}

TEST_CASE("KServe over REST: a number where BYTES have strings is a text", "[kserve]") {
  CHECK(Pass(Answer(JsonText("t", 1, "[777]")))->bytes == Answer(JsonText("t", 1, R"(["<N>"])")));
}

TEST_CASE("KServe over REST: an answer without a match passes byte for byte", "[kserve]") {
  const std::string json = Answer(BinaryTensor("t", "BYTES", 1, 9) + " ") + " \n";
  const std::string binary = Element("hello");
  const auto passed = Pass(json, binary);
  REQUIRE(passed.ok());
  CHECK(passed->bytes == json + binary);
  CHECK(passed->headers ==
        HeaderList{{"inference-header-content-length", absl::StrCat(json.size())}});
}

TEST_CASE("KServe over REST: sizes of binary data are written anew", "[kserve]") {
  const auto answer = [](const std::string& text, const std::string& id) {
    const std::string raw = Element(text) + Element("b");
    return std::make_pair(
        Answer(BinaryTensor("t", "BYTES", 2, raw.size()) + "," + BinaryTensor("n", "FP32", 1, 4) +
                   "," + JsonText("j", 1, absl::StrCat("[\"", text, "\"]")),
               id),
        raw + "abcd");
  };
  const auto [json, binary] = answer("a SECRET SECRET", "SECRET");
  const auto passed = Pass(json, binary);
  REQUIRE(passed.ok());
  const auto [masked_json, masked_binary] = answer("a <S> <S>", "<S>");
  CHECK(passed->bytes == masked_json + masked_binary);
  CHECK(passed->headers[0].second == absl::StrCat(masked_json.size()));
}

TEST_CASE("KServe over REST: binary data that does not fit its outputs is refused", "[kserve]") {
  const std::string one = Answer(BinaryTensor("t", "BYTES", 1, 5));
  for (const auto& [json, binary] : std::vector<std::pair<std::string, std::string>>{
           {one, Element("a") + "x"},
           {one, Element("a").substr(0, 4)},
           {one, Element("ab").substr(0, 5)},
           {Answer(BinaryTensor("t", "TEXT", 1, 5)), Element("a")},
           {"{}", "x"}}) {
    CAPTURE(json, binary);
    CHECK(GetReason(Pass(json, binary).status()) == "upstream_protocol");
  }
}

TEST_CASE("KServe over REST: errors are masked, health may be empty", "[kserve]") {
  CHECK(Pass(R"({"error":"about SECRET"})", "", 400)->bytes == R"({"error":"about <S>"})");
  CHECK(Pass("", "", 400)->bytes.empty());
  CHECK_FALSE(Pass("").ok());
  domain::Prompt prompt;
  prompt.operation = "server.live";
  ReadCall call;
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  const auto reader = OpenRestAnswer(call, {200, ""}, AnswerOptions());
  CHECK(reader->Finish()->empty());
  CHECK(reader->Release({})->empty());
}

TEST_CASE("KServe over REST: an output of a stream is one text, also in tensors", "[kserve]") {
  const auto pass = [](const std::string& stream) {
    const auto reader =
        KserveDialect().OpenAnswer(ReadCall(), {200, "text/event-stream"}, AnswerOptions());
    return PassPieces(*reader, SplitIntoBytes(stream)).value();
  };
  const auto event = [](absl::string_view text) {
    return absl::StrCat(R"(data: {"model_name":"llm","text_output":")", text, "\"}\n\n");
  };
  CHECK(pass(event("a SEC") + event("RET b") + event("SE")) ==
        event("a ") + event("<S> b") + event("") + event("SE"));
  const auto tensor = [](absl::string_view text) {
    return absl::StrCat(R"(data: {"model_name":"llm","outputs":[{"name":"t","datatype":"BYTES",)",
                        R"("shape":[1],"data":[")", text, "\"]}]}\n\n");
  };
  CHECK(pass(tensor("a SEC") + tensor("RET b") + tensor("SE")) ==
        tensor("a ") + tensor("<S> b") + tensor("") + tensor("SE"));
}

}  // namespace
}  // namespace countersign::dialects::kserve
