#include "libs/dialects/pass_through/dialect.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/dialects/dialects.h"

namespace countersign::dialects::pass_through {
namespace {

const Dialect& Subject() { return *FindPassThrough(domain::Protocol::kOpenAi); }

struct Answered {
  std::string asked;  // of the masker
  std::string delivered;
  bool failed = false;
};

// An answer whose texts with an `@` are replaced by "MASKED".
Answered Deliver(const std::string& type, const std::string& body, int status = 200,
                 bool masked = true) {
  ReadCall call;
  call.prompt = std::make_shared<const domain::Prompt>();
  AnswerOptions options;
  options.masked = masked;
  const auto reader = Subject().OpenAnswer(call, {status, type}, options);
  REQUIRE(reader->Feed(body.substr(0, 3)).ok());
  REQUIRE(reader->Feed(body.substr(std::min<std::size_t>(3, body.size()))).ok());
  const auto pieces = reader->Finish();
  REQUIRE(pieces.ok());
  Answered answered;
  std::vector<domain::FieldRelease> releases;
  for (const domain::FieldPiece& piece : *pieces) {
    answered.asked += piece.text;
    domain::FieldRelease release;
    release.text = piece.text;
    if (absl::StrContains(piece.text, '@')) {
      release.text = "MASKED";
      domain::MaskedSpan span;
      span.entity = "email";
      span.end = release.text.size();
      span.original = piece.text;
      release.masked.push_back(std::move(span));
    }
    releases.push_back(std::move(release));
  }
  const auto deliveries = reader->Release(std::move(releases));
  REQUIRE(deliveries.ok());
  for (const Delivery& delivery : *deliveries) answered.delivered += delivery.bytes;
  CHECK(deliveries->back().is_final);
  answered.failed = reader->upstream_failed();
  return answered;
}

TEST_CASE("OpenAnswer: text of any type is masked as one text", "[dialects]") {
  CHECK(Deliver("text/vtt", "WEBVTT a@b.example").delivered == "MASKED");
  CHECK(Deliver("application/octet-stream", "{\"a\":1}\n{\"a\":2}\n").asked ==
        "{\"a\":1}\n{\"a\":2}\n");
  CHECK(Deliver("application/jsonl", "{\"a\":\"a@b.example\"}\n").delivered == "MASKED");
  CHECK(Deliver("text/plain", "caf\xe9 au lait").asked == "caf\xef\xbf\xbd au lait");
  CHECK(Deliver("text/vtt", "a@b.example", 200, false).delivered == "a@b.example");
}

TEST_CASE("OpenAnswer: sound and pictures pass, documents are those of the dialect", "[dialects]") {
  const std::string sound = "ID3\xff\xfb\x90";
  CHECK(Deliver("audio/mpeg", sound).delivered == sound);
  CHECK(Deliver("audio/mpeg", "").delivered.empty());
  CHECK(Deliver("application/json", R"({"note":"a@b.example"})").delivered ==
        R"({"note":"MASKED"})");
  const Answered error = Deliver("text/plain", "no file a@b.example", 404);
  CHECK(error.failed);
  CHECK(error.delivered == "MASKED");
}

TEST_CASE("FindPassThrough: dialects over HTTP that have errors of their own", "[dialects]") {
  CHECK(Subject().name() == "openai");
  CHECK(FindPassThrough(domain::Protocol::kAnthropic)->name() == "anthropic");
  CHECK(FindPassThrough(domain::Protocol::kGrpc) == nullptr);
  CHECK(FindPassThrough(domain::Protocol::kKserveV2) == nullptr);
}

}  // namespace
}  // namespace countersign::dialects::pass_through
