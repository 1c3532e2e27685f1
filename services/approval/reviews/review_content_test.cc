#include "services/approval/reviews/review_content.h"

#include <catch2/catch.hpp>
#include <string>

#include "services/approval/testing/approval_testing.h"

namespace countersign::approval::reviews {
namespace {

TEST_CASE("DecodeReadable: gives back the prompt and findings that were encoded", "[approval]") {
  ReviewContent content = *testing::ACall().content;
  content.prompt.parts.push_back({"tool", "/messages/1/content", std::string("\0\x1f\u2028", 5)});
  content.prompt.parameters["top_p"] = 0.1;
  content.prompt.media.push_back(
      {"/messages/0/content/1/image_url/url", "image/png", 70'000, "ab"});
  content.prompt.members.push_back({"/tool_choice", "\"required\""});
  ReviewContent decoded;
  REQUIRE(DecodeReadable(EncodeReadable(content), decoded).ok());
  CHECK(decoded.prompt.operation == content.prompt.operation);
  CHECK(decoded.prompt.model == content.prompt.model);
  CHECK(decoded.prompt.stream == content.prompt.stream);
  CHECK(decoded.prompt.parameters == content.prompt.parameters);
  CHECK(decoded.prompt.tools == content.prompt.tools);
  REQUIRE(decoded.prompt.parts.size() == content.prompt.parts.size());
  for (std::size_t i = 0; i < content.prompt.parts.size(); ++i) {
    CHECK(decoded.prompt.parts[i].role == content.prompt.parts[i].role);
    CHECK(decoded.prompt.parts[i].pointer == content.prompt.parts[i].pointer);
    CHECK(decoded.prompt.parts[i].text == content.prompt.parts[i].text);
  }
  REQUIRE(decoded.prompt.media.size() == 1);
  CHECK(decoded.prompt.media[0].pointer == "/messages/0/content/1/image_url/url");
  CHECK(decoded.prompt.media[0].type == "image/png");
  CHECK(decoded.prompt.media[0].size == 70'000);
  CHECK(decoded.prompt.media[0].sha256 == "ab");
  REQUIRE(decoded.prompt.members.size() == 1);
  CHECK(decoded.prompt.members[0].pointer == "/tool_choice");
  CHECK(decoded.prompt.members[0].json == "\"required\"");
  REQUIRE(decoded.findings.size() == 1);
  CHECK(decoded.findings[0].rule == "hipaa");
  CHECK(decoded.findings[0].begin == 2);
  CHECK(decoded.findings[0].end == 8);
}

TEST_CASE("EncodeReadable: leaves the upstream body out", "[approval]") {
  ReviewContent content;
  content.upstream_body = "the exact bytes";
  CHECK(EncodeReadable(content).find("exact bytes") == std::string::npos);
}

TEST_CASE("DecodeReadable: replaces earlier findings", "[approval]") {
  ReviewContent content = *testing::ACall().content;
  REQUIRE(DecodeReadable(EncodeReadable(ReviewContent()), content).ok());
  CHECK(content.findings.empty());
  CHECK(content.prompt.parts.empty());
}

TEST_CASE("DecodeReadable: DATA_LOSS for other input than EncodeReadable's", "[approval]") {
  ReviewContent content;
  for (const char* stored : {"", "{", "{\"prompt\":{},\"prompt\":{}}", "\xff"}) {
    CHECK(DecodeReadable(stored, content).code() == absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace countersign::approval::reviews
