#include "libs/dialects/members/masked_prompt.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/dialect.h"

namespace countersign::dialects::members {
namespace {

ReadCall Read(const std::string& content) {
  return openai::OpenAiDialect()
      .Read({"POST",
             "/v1/chat/completions",
             "",
             {},
             absl::StrCat(R"({"model":"m","messages":[{"role":"user","content":)", content, "}]}")})
      .value();
}

// A masker's release that replaces each `secret` with <S>.
domain::FieldRelease Replace(const std::string& text, absl::string_view secret) {
  domain::FieldRelease release;
  std::size_t at = 0;
  while (true) {
    const std::size_t found = text.find(secret.data(), at, secret.size());
    if (found == std::string::npos) break;
    release.text.append(text, at, found - at);
    domain::MaskedSpan span{release.text.size(), release.text.size() + 3, "s", std::string(secret)};
    span.in_begin = found;
    span.in_end = at = found + secret.size();
    release.masked.push_back(span);
    release.text += "<S>";
  }
  release.text.append(text, at, std::string::npos);
  return release;
}

// The body after masking, and the pointers of what was masked.
std::string Masked(const ReadCall& call, absl::string_view secret,
                   std::vector<std::string>* pointers = nullptr) {
  const auto texts = domain::JoinParts(*call.prompt);
  std::vector<domain::FieldRelease> releases;
  for (const domain::FieldPiece& piece : AskAboutPrompt(texts, *call.prompt)) {
    releases.push_back(Replace(piece.text, secret));
  }
  const absl::StatusOr<MaskedPrompt> masked = ApplyToPrompt(call, texts, releases);
  REQUIRE(masked.ok());
  for (const domain::DeliveredSpan& span : masked->masked) {
    if (pointers != nullptr) pointers->push_back(span.field);
    for (const domain::TextPart& part : masked->prompt->parts) {
      if (part.pointer != span.field) continue;
      CHECK(part.text.substr(span.span.begin, span.span.end - span.span.begin) == "<S>");
    }
  }
  return Splice(call.body, masked->edits).value();
}

TEST_CASE("ApplyToPrompt: a match over several parts is replaced in the first of them",
          "[dialects]") {
  std::vector<std::string> pointers;
  const ReadCall call =
      Read(R"(["a 4111 ", {"type":"text","text":"1111"}, {"type":"text","text":" 1111 b"}, "c"])");
  CHECK(Masked(call, "4111 1111 1111", &pointers) ==
        Read(R"(["a <S>", {"type":"text","text":""}, {"type":"text","text":" b"}, "c"])").body);
  CHECK(pointers == std::vector<std::string>{"/messages/0/content/0"});
}

TEST_CASE("ApplyToPrompt: matches within parts stay where they are", "[dialects]") {
  const ReadCall call = Read(R"(["xAB", "AB", "y AB z", "none"])");
  CHECK(Masked(call, "AB") == Read(R"(["x<S>", "<S>", "y <S> z", "none"])").body);
  CHECK(Masked(call, "absent") == call.body);
}

TEST_CASE("ApplyToPrompt: the line break between messages belongs to no part", "[dialects]") {
  const std::string head = R"({"model":"m","messages":[{"role":"user","content":"a 12"},)";
  const ReadCall call = openai::OpenAiDialect()
                            .Read({"POST",
                                   "/v1/chat/completions",
                                   "",
                                   {},
                                   head + R"({"role":"user","content":"34 b"}]})"})
                            .value();
  CHECK(Masked(call, "12\n34") ==
        absl::StrCat(R"({"model":"m","messages":[{"role":"user","content":"a <S>"},)",
                     R"({"role":"user","content":" b"}]})"));
  CHECK(Masked(call, "\n34") == head + R"({"role":"user","content":"<S> b"}]})");
}

TEST_CASE("ApplyToPrompt: quotes of numbers that became strings belong to the number",
          "[dialects]") {
  const ReadCall call = Read(R"(["{\"n\":12}", "{\"n\":-12 }", "x"])");
  const auto texts = domain::JoinParts(*call.prompt);
  REQUIRE(texts.size() == 1);
  domain::FieldRelease release;
  release.text = R"({"n":"<S>"}{"n":"-<S>" }x)";
  release.masked = {{6, 9, "s", "12", 5, 7}, {18, 21, "s", "12", 14, 16}};
  const auto masked = ApplyToPrompt(call, texts, {release});
  REQUIRE(masked.ok());
  CHECK(masked->prompt->parts[0].text == R"({"n":"<S>"})");
  CHECK(masked->prompt->parts[1].text == R"({"n":"-<S>" })");
  CHECK(masked->prompt->parts[2].text == "x");
}

TEST_CASE("ApplyToPrompt: releases that do not fit the request are refused", "[dialects]") {
  const ReadCall call = Read(R"(["ab", "cd"])");
  const auto texts = domain::JoinParts(*call.prompt);
  for (const domain::FieldRelease& wrong :
       {domain::FieldRelease{"abxcd", 0, 0, {{0, 0, "s", "", 0, 0}}},
        domain::FieldRelease{"ab", 0, 0, {{0, 0, "s", "", 0, 0}}},
        domain::FieldRelease{"<S>cd", 0, 0, {{0, 3, "s", "ab", 0, 9}}}}) {
    CHECK(absl::IsFailedPrecondition(ApplyToPrompt(call, texts, {wrong}).status()));
  }
}

TEST_CASE("ApplyToPrompt: a call with a member name that must be masked is refused", "[dialects]") {
  const ReadCall call = Read(R"([{"type":"text","text":"x","AB":1}])");
  const auto texts = domain::JoinParts(*call.prompt);
  std::vector<domain::FieldRelease> releases;
  for (const domain::FieldPiece& piece : AskAboutPrompt(texts, *call.prompt)) {
    releases.push_back(Replace(piece.text, "AB"));
  }
  CHECK(absl::IsFailedPrecondition(ApplyToPrompt(call, texts, releases).status()));
}

}  // namespace
}  // namespace countersign::dialects::members
