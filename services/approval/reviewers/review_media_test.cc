#include "services/approval/reviewers/review_media.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "countersign/approval/v1/approval.pb.h"
#include "countersign/options/v1/access.pb.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/openai/dialect.h"

namespace countersign::approval::reviewers {
namespace {

std::string Picture(char last) {
  return absl::StrCat("\x89PNG\r\n\x1a\n", "\xff\x01\x02\x80", std::string(1, last));
}

reviews::ReviewContent Read(const std::string& body) {
  reviews::ReviewContent content;
  const auto call =
      dialects::openai::OpenAiDialect().Read({"POST", "/v1/chat/completions", "", {}, body});
  REQUIRE(call.ok());
  content.prompt = *call->prompt;
  content.upstream_body = body;
  return content;
}

std::string Body(const std::vector<std::string>& pictures) {
  std::string parts;
  for (const std::string& picture : pictures) {
    absl::StrAppend(&parts, parts.empty() ? "" : ",",
                    R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)",
                    absl::Base64Escape(picture), "\"}}");
  }
  return absl::StrCat(R"({"model":"m","messages":[{"role":"user","content":[)", parts, "]}]}");
}

TEST_CASE("ReadReviewMedia: the bytes of each media, by its number", "[approval]") {
  const reviews::ReviewContent content = Read(Body({Picture('a'), Picture('b')}));
  REQUIRE(content.prompt.media.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto bytes = ReadReviewMedia(content, i);
    REQUIRE(bytes.ok());
    CHECK(*bytes == Picture(i == 0 ? 'a' : 'b'));
    CHECK(HexEncode(crypto::Sha256(*bytes)) == content.prompt.media[i].sha256);
    CHECK(bytes->size() == content.prompt.media[i].size);
  }
  CHECK(absl::IsNotFound(ReadReviewMedia(content, 2).status()));
  CHECK(absl::IsNotFound(ReadReviewMedia(Read(Body({})), 0).status()));
}

TEST_CASE("ReadReviewMedia: DATA_LOSS when the body has other media than were listed",
          "[approval]") {
  reviews::ReviewContent content = Read(Body({Picture('a')}));
  for (const std::string& other :
       {Body({Picture('b')}), Body({}), std::string("{}"), std::string("[1]"), std::string("no")}) {
    content.upstream_body = other;
    CHECK(absl::IsDataLoss(ReadReviewMedia(content, 0).status()));
  }
  content = Read(Body({Picture('a')}));
  for (const char* pointer : {"", "/messages/7/content", "/messages/x", "/model/0"}) {
    content.prompt.media[0].pointer = pointer;
    CHECK(absl::IsDataLoss(ReadReviewMedia(content, 0).status()));
  }
}

TEST_CASE("GetReviewMedia: the edge lets in whom it lets read the review", "[approval]") {
  const auto* const service = v1::Review::descriptor()->file()->FindServiceByName("ReviewService");
  REQUIRE(service != nullptr);
  const auto access = [&](const char* method) {
    return service->FindMethodByName(method)->options().GetExtension(options::v1::access);
  };
  CHECK(access("GetReviewMedia") == access("GetReview"));
}

}  // namespace
}  // namespace countersign::approval::reviewers
