#include "libs/dialects/members/masked_prompt.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/utf8.h"
#include "libs/dialects/openai/dialect.h"

namespace countersign::dialects::members {
namespace {

ReadCall ReadMessages(const std::string& messages) {
  return openai::OpenAiDialect()
      .Read({"POST",
             "/v1/chat/completions",
             "",
             {},
             absl::StrCat(R"({"model":"m","messages":[)", messages, "]}")})
      .value();
}
ReadCall Read(const std::string& content) {
  return ReadMessages(absl::StrCat(R"({"role":"user","content":)", content, "}"));
}
// Messages of one role.
ReadCall ReadEach(const std::vector<std::string>& contents, absl::string_view role = "user") {
  std::vector<std::string> messages;
  for (const std::string& content : contents) {
    messages.push_back(absl::StrCat(R"({"role":")", role, R"(","content":")", content, "\"}"));
  }
  return ReadMessages(absl::StrJoin(messages, ","));
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
  const auto texts = JoinPrompt(*call.prompt);
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

TEST_CASE("ApplyToPrompt: a match over messages of one role is replaced in the first of them",
          "[dialects]") {
  std::vector<std::string> pointers;
  CHECK(Masked(ReadEach({"a 41 11", "22 33 b"}), "41 11 22 33", &pointers) ==
        ReadEach({"a <S>", " b"}).body);
  CHECK(pointers == std::vector<std::string>{"/messages/0/content"});
  CHECK(Masked(ReadEach({"a 4111", "2233 b", "c"}), "41112233") ==
        ReadEach({"a <S>", " b", "c"}).body);
  // Also over several messages, and beside other matches.
  CHECK(Masked(ReadEach({"x AB", "C", "D AB y", "ABCD"}), "AB C D") ==
        ReadEach({"x <S>", "", " AB y", "ABCD"}).body);
  CHECK(Masked(ReadEach({"AB, A", "B, AB"}, "tool"), "AB") ==
        ReadEach({"<S>, <S>", ", <S>"}, "tool").body);
  // Parts that a server joins with a space.
  CHECK(Masked(Read(R"(["a 41 11", {"type":"text","text":"22 b"}])"), "41 11 22") ==
        Read(R"(["a <S>", {"type":"text","text":" b"}])").body);
  // Messages of several roles are several texts.
  const ReadCall roles =
      ReadMessages(R"({"role":"user","content":"a 41"},{"role":"assistant","content":"11"},)"
                   R"({"role":"user","content":"11 b"})");
  for (const char* secret : {"4111", "41 11", "41\n11"}) CHECK(Masked(roles, secret) == roles.body);
}

TEST_CASE("ApplyToPrompt: a match that overlaps one over a border is one with it", "[dialects]") {
  const ReadCall call = ReadEach({"u AB", "CD v"});
  const PromptTexts texts = JoinPrompt(*call.prompt);
  REQUIRE(texts.borders.size() == 2);  // "u AB CD v", "u ABCD v"
  domain::FieldRelease within;         // " AB" alone
  within.text = "u<T>\nCD v";
  within.masked = {{1, 4, "t", " AB", 1, 4}};
  const auto masked = ApplyToPrompt(
      call, texts,
      {within, Replace(texts.borders[0].text, "no"), Replace(texts.borders[1].text, "BC")});
  REQUIRE(masked.ok());
  CHECK(Splice(call.body, masked->edits).value() == ReadEach({"u<T>", "D v"}).body);
  // The other way round.
  domain::FieldRelease later;
  later.text = "u AB\nC<T>v";
  later.masked = {{6, 9, "t", "D ", 6, 8}};
  const auto merged = ApplyToPrompt(
      call, texts,
      {later, Replace(texts.borders[0].text, "B CD"), Replace(texts.borders[1].text, "no")});
  REQUIRE(merged.ok());
  CHECK(Splice(call.body, merged->edits).value() == ReadEach({"u A<S>", "v"}).body);
}

TEST_CASE("JoinPrompt: of long parts only what is beside a border is looked at again",
          "[dialects]") {
  const std::string filler(3000, 'x');
  const ReadCall call = ReadEach({"12 " + filler + " 41", "11" + filler + "\xC3\xA9 51", "11 end"});
  const PromptTexts texts = JoinPrompt(*call.prompt);
  REQUIRE(texts.borders.size() == 4);  // two borders, two separators
  for (const BorderText& border : texts.borders) {
    CHECK(border.text.size() <= 2 * kBorderBytes + 1);
    CHECK(IsUtf8(border.text));
  }
  CHECK(Masked(call, "4111") ==
        ReadEach({"12 " + filler + " <S>", filler + "\xC3\xA9 51", "11 end"}).body);
  CHECK(Masked(call, "51 11") ==
        ReadEach({"12 " + filler + " 41", "11" + filler + "\xC3\xA9 <S>", " end"}).body);
  CHECK(JoinPrompt(*Read("\"one\"").prompt).borders.empty());
}

TEST_CASE("ApplyToPrompt: random matches over messages leave nothing of themselves", "[dialects]") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int run = 0; run < 2000; ++run) {
    std::vector<std::string> contents(2 + random() % 4);
    for (std::string& content : contents) {
      for (std::size_t n = random() % 6; n > 0; --n) content += "AB -"[random() % 4];
      if (random() % 8 == 0) content.insert(random() % (content.size() + 1), 1200, 'z');
    }
    const ReadCall call = ReadEach(contents);
    const std::string secret = std::vector<std::string>{"AB", "A B", "AABB"}[random() % 3];
    const std::string body = Masked(call, secret);
    const ReadCall masked =
        openai::OpenAiDialect().Read({"POST", "/v1/chat/completions", "", {}, body}).value();
    CAPTURE(call.body, secret, body);
    for (const char* between : {"", " ", "\n"}) {
      std::vector<std::string> rest;
      for (const domain::TextPart& part : masked.prompt->parts) rest.push_back(part.text);
      CHECK(!absl::StrContains(absl::StrJoin(rest, between), secret));
    }
  }
}

TEST_CASE("ApplyToPrompt: quotes of numbers that became strings belong to the number",
          "[dialects]") {
  const ReadCall call = Read(R"(["{\"n\":12}", "{\"n\":-12 }", "x"])");
  const auto texts = JoinPrompt(*call.prompt);
  REQUIRE(texts.texts.size() == 1);
  domain::FieldRelease release;
  release.text = R"({"n":"<S>"}{"n":"-<S>" }x)";
  release.masked = {{6, 9, "s", "12", 5, 7}, {18, 21, "s", "12", 14, 16}};
  const auto masked = ApplyToPrompt(call, texts, {release, Replace(texts.borders[0].text, "-")});
  REQUIRE(masked.ok());
  CHECK(masked->prompt->parts[0].text == R"({"n":"<S>"})");
  CHECK(masked->prompt->parts[1].text == R"({"n":"-<S>" })");
  CHECK(masked->prompt->parts[2].text == "x");
}

TEST_CASE("ApplyToPrompt: releases that do not fit the request are refused", "[dialects]") {
  const ReadCall call = Read(R"(["ab", "cd"])");
  const auto texts = JoinPrompt(*call.prompt);
  for (const domain::FieldRelease& wrong :
       {domain::FieldRelease{"abxcd", 0, 0, {{0, 0, "s", "", 0, 0}}},
        domain::FieldRelease{"ab", 0, 0, {{0, 0, "s", "", 0, 0}}},
        domain::FieldRelease{"<S>cd", 0, 0, {{0, 3, "s", "ab", 0, 9}}}}) {
    CHECK(absl::IsFailedPrecondition(ApplyToPrompt(call, texts, {wrong, {}}).status()));
  }
}

TEST_CASE("ApplyToPrompt: a call with a member name that must be masked is refused", "[dialects]") {
  const ReadCall call = Read(R"([{"type":"text","text":"x","AB":1}])");
  const auto texts = JoinPrompt(*call.prompt);
  std::vector<domain::FieldRelease> releases;
  for (const domain::FieldPiece& piece : AskAboutPrompt(texts, *call.prompt)) {
    releases.push_back(Replace(piece.text, "AB"));
  }
  CHECK(absl::IsFailedPrecondition(ApplyToPrompt(call, texts, releases).status()));
}

}  // namespace
}  // namespace countersign::dialects::members
