#include "libs/dialects/query_texts.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/dialects/percent.h"

namespace countersign::dialects {
namespace {

std::string Texts(const std::string& query) {
  const auto texts = FindQueryTexts(query);
  if (!texts.ok()) return "refused";
  std::string all;
  for (const QueryText& text : *texts) all += "[" + text.text + "]";
  return all;
}

TEST_CASE("FindQueryTexts: known parameters in the expected form are not texts", "[dialects]") {
  for (const char* query : {"", "api-version=2024-10-21", "api-version=2024-10-01-preview",
                            "beta=true", "limit=20", "order=desc&limit=100&stream=false", "&"}) {
    CAPTURE(query);
    CHECK(Texts(query).empty());
  }
}

TEST_CASE("FindQueryTexts: everything else is a text, decoded", "[dialects]") {
  CHECK(Texts("note=drop%20table") == "[note=drop table]");
  CHECK(Texts("note=drop+table&beta=true&x") == "[note=drop table][x]");
  CHECK(Texts("api-version=plutonium") == "[api-version=plutonium]");
  CHECK(Texts("api-version=4111-11-11-1111") == "[api-version=4111-11-11-1111]");
  CHECK(Texts("limit=4111111111111111") == "[limit=4111111111111111]");
  CHECK(Texts("beta=true%20story") == "[beta=true story]");
  CHECK(Texts("plu%74onium") == "[plutonium]");
  CHECK(Texts("%62eta=true") == "[beta=true]");  // an upstream may treat it differently
  CHECK(Texts("a=b=c?d/e") == "[a=b=c?d/e]");
}

TEST_CASE("FindQueryTexts: ambiguous queries are refused", "[dialects]") {
  for (const char* query :
       {"a=%", "a=%4", "a=%zz", "a=%2541", "a=%25%34%31", "a=%00", "a=%0a", "a=%ff", "a b",
        "a=\"b\"", "a=<b>", "a#b", "a=caf\xc3\xa9", "a=\\u0041"}) {
    CAPTURE(query);
    CHECK(Texts(query) == "refused");
  }
  CHECK(Texts(std::string(1025, 'a')) == "refused");
  CHECK(Texts(std::string(32, '&')) == "refused");
}

TEST_CASE("EncodeSegment: every text encodes to one segment", "[dialects]") {
  CHECK(EncodeSegment("meta-llama/Llama 3?#%:@") == "meta-llama%2FLlama%203%3F%23%25:@");
  CHECK(DecodePercent(EncodeSegment("a/b c")).value() == "a/b c");
}

TEST_CASE("DecodePercent: decodes once", "[dialects]") {
  CHECK(DecodePercent("a%2Fb%3a").value() == "a/b:");
  CHECK(DecodePercent("100%25").value() == "100%");
  for (const char* text : {"%252e%252e", "%25%32%65", "%", "%1", "%c3", "a%7f"}) {
    CAPTURE(text);
    CHECK(absl::IsInvalidArgument(DecodePercent(text).status()));
  }
}

}  // namespace
}  // namespace countersign::dialects
