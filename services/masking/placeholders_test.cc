#include "services/masking/placeholders.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/masking/field_masker.h"
#include "services/masking/profile_compiler.h"

namespace countersign::masking {
namespace {

using Restore = domain::MaskingRule::Restore;

domain::Principal Caller(std::string subject = "anna") {
  domain::Principal caller;
  caller.issuer = "https://idp";
  caller.subject = std::move(subject);
  caller.identity = caller.subject;
  caller.groups = {"support"};
  return caller;
}

CompiledProfile Profile(Restore restore = Restore::kCaller, std::vector<std::string> groups = {},
                        std::vector<std::string> identities = {}) {
  domain::MaskingProfile profile;
  profile.name = "p";
  for (const char* entity : {"email", "credit_card"}) {
    domain::MaskingRule& rule = profile.prompt.emplace_back();
    rule.entity = entity;
    rule.action = domain::MaskingRule::Action::kPlaceholder;
    rule.restore = restore;
    rule.restore_groups = groups;
    rule.restore_identities = identities;
  }
  profile.response.emplace_back().entity = "tier1";
  auto compiled = CompileProfile(profile, {}, SecretString("key"));
  REQUIRE(compiled.ok());
  return *std::move(compiled);
}

domain::FieldRelease Prompt(const CompiledProfile& profile, absl::string_view text,
                            const domain::Principal& caller = Caller(),
                            const std::string& connection = "openai") {
  FieldMasker fields(profile.prompt);
  auto releases = fields.Feed({{"part/0/content", std::string(text), true}});
  REQUIRE(releases.ok());
  PlaceholderMaker(profile.placeholders, caller, connection).FillIn(releases->front());
  return releases->front();
}

std::string Answer(const CompiledProfile& profile, const std::vector<domain::Placeholder>& known,
                   absl::string_view text, std::size_t step = 0,
                   const std::string& field = "choices/0/content") {
  const auto restoring = RestoringRules(known);
  REQUIRE(restoring.ok());
  FieldMasker fields(profile.response, *restoring);
  std::string out;
  const std::size_t size = step == 0 ? std::max<std::size_t>(text.size(), 1) : step;
  for (std::size_t at = 0; at == 0 || at < text.size(); at += size) {
    const bool end = at + size >= text.size();
    const auto releases = fields.Feed({{field, std::string(text.substr(at, size)), end}});
    REQUIRE(releases.ok());
    const domain::FieldRelease& release = releases->front();
    if (release.Unchanged()) CHECK(release.text == text.substr(at, size));
    for (const domain::MaskedSpan& span : release.masked) REQUIRE(span.end <= release.text.size());
    out += release.text;
  }
  return out;
}

TEST_CASE("PlaceholderMaker: one caller's equal values give equal tokens, others do not",
          "[masking]") {
  const CompiledProfile profile = Profile();
  const auto first = Prompt(profile, "mail a@b.io or a@b.io, not c@d.io");
  REQUIRE(first.masked.size() == 3);
  const auto token = [&](int i) {
    return first.text.substr(first.masked[i].begin, first.masked[i].end - first.masked[i].begin);
  };
  CHECK(token(0) == token(1));
  CHECK(token(0) != token(2));
  CHECK(absl::StartsWith(token(0), "<EMAIL_"));
  CHECK(!absl::StrContains(first.text, "?"));
  CHECK(first.masked[0].original == "a@b.io");
  CHECK(Prompt(profile, "mail a@b.io or a@b.io, not c@d.io").text == first.text);
  CHECK(Prompt(profile, "mail a@b.io or a@b.io, not c@d.io", Caller("ben")).text != first.text);
  CHECK(Prompt(profile, "mail a@b.io or a@b.io, not c@d.io", Caller(), "x").text != first.text);
}

TEST_CASE("PlaceholderMaker: restores originals only for callers that the rule names",
          "[masking]") {
  const auto restorable = [](const CompiledProfile& profile) {
    return !Prompt(profile, "a@b.io").placeholders.empty();
  };
  CHECK(restorable(Profile()));
  CHECK_FALSE(restorable(Profile(Restore::kNobody)));
  CHECK(restorable(Profile(Restore::kNamed, {"support"})));
  CHECK_FALSE(restorable(Profile(Restore::kNamed, {"sales"}, {"ben"})));
  CHECK(restorable(Profile(Restore::kNamed, {}, {"anna"})));
}

TEST_CASE("RestoringRules: a token is found in every spelling that a model may give it",
          "[masking]") {
  const CompiledProfile profile = Profile();
  const auto prompt = Prompt(profile, "4111 1111 1111 1111");
  REQUIRE(prompt.placeholders.size() == 1);
  const std::string token = prompt.text;
  const std::string suffix = token.substr(13, 10);
  REQUIRE(token == absl::StrCat("<CREDIT_CARD_", suffix, ">"));
  for (const std::string& spelled : std::vector<std::string>{
           token, absl::AsciiStrToLower(token), absl::StrCat("CREDIT_CARD_", suffix),
           absl::StrCat("< Credit Card - ", suffix, " >"),
           absl::StrCat("<CREDIT\\_CARD\\_", suffix, ">"),
           absl::StrCat("\\<CREDIT_CARD_", absl::AsciiStrToUpper(suffix), "\\>"),
           absl::StrCat("&lt;CREDIT_CARD_", suffix, "&gt;"),
           absl::StrCat("<\"CREDIT_CARD\"_'", suffix, "'>"),
           absl::StrCat("CREDIT-CARD-", suffix.substr(0, 4), "-", suffix.substr(4))}) {
    CAPTURE(spelled);
    CHECK(Answer(profile, prompt.placeholders, absl::StrCat("pay with ", spelled, ", please")) ==
          "pay with 4111 1111 1111 1111, please");
    for (std::size_t step = 1; step < 9; ++step) {
      CHECK(Answer(profile, prompt.placeholders, absl::StrCat("(", spelled, ")"), step) ==
            "(4111 1111 1111 1111)");
    }
  }
}

TEST_CASE("RestoringRules: unknown tokens stay, and other text is masked", "[masking]") {
  const CompiledProfile profile = Profile();
  const auto prompt = Prompt(profile, "a@b.io");
  const std::string known = prompt.text;
  CHECK(Answer(profile, prompt.placeholders,
               absl::StrCat("<EMAIL_z9z9z9z9z9> <EMAIL_> EMAIL ", known, "x ", known, "9 x",
                            known)) == "<EMAIL_z9z9z9z9z9> <EMAIL_> EMAIL a@b.iox a@b.io9 xa@b.io");
  CHECK(Answer(profile, prompt.placeholders, absl::StrCat("c@d.io ", known, " e@f.io")) ==
        "<EMAIL> a@b.io <EMAIL>");
  const std::string bare = known.substr(1, known.size() - 2);
  CHECK(Answer(profile, prompt.placeholders, absl::StrCat("x", bare, " ", bare, "9")) ==
        absl::StrCat("x", bare, " ", bare, "9"));
}

TEST_CASE("RestoringRules: in a document an original is escaped", "[masking]") {
  const std::vector<domain::Placeholder> known = {{"<NOTE_a1b2c3d4e5>", "say \"hi\"\n\\"}};
  const CompiledProfile profile = Profile();
  const std::string document = R"({"note":"<NOTE_a1b2c3d4e5>","x":["<NOTE_a1b2c3d4e5>"]})";
  const std::string out = Answer(profile, known, document, 3, "choices/0/tool_calls/0/arguments");
  const auto parsed = json::Document::Parse(out);
  REQUIRE(parsed.ok());
  CHECK(parsed->root()["note"].text() == "say \"hi\"\n\\");
  CHECK(parsed->root()["x"].at(0).text() == "say \"hi\"\n\\");
  CHECK(Answer(profile, known, "<NOTE_a1b2c3d4e5>") == "say \"hi\"\n\\");
}

TEST_CASE("RestoringRules: two originals for one token fail closed", "[masking]") {
  CHECK(absl::IsInternal(
      RestoringRules({{"<A_a1b2c3d4e5>", "x"}, {"<A_a1b2c3d4e5>", "y"}}).status()));
  CHECK(RestoringRules({{"<A_a1b2c3d4e5>", "x"}, {"<A_a1b2c3d4e5>", "x"}}).ok());
  CHECK(absl::IsInvalidArgument(RestoringRules({{"token", "x"}}).status()));
}

TEST_CASE("FieldMasker: the result does not depend on the cut, and spans cover what they mask",
          "[masking]") {
  const CompiledProfile profile = Profile();
  const auto prompt = Prompt(profile, "a@b.io and 4111 1111 1111 1111");
  REQUIRE(prompt.placeholders.size() == 2);
  CHECK(rc::check([&](const std::vector<std::uint8_t>& choices, std::uint8_t step) {
    const std::vector<std::string> pieces = {prompt.placeholders[0].token,
                                             prompt.placeholders[1].token,
                                             absl::AsciiStrToLower(prompt.placeholders[0].token),
                                             "<EMAIL_z9z9z9z9z9>",
                                             "<",
                                             "EMAIL",
                                             "_",
                                             " c@d.io ",
                                             " ",
                                             "5555 5555 5555 4444",
                                             "{\"a\":\"",
                                             "\"}",
                                             "\\u0040",
                                             "x"};
    std::string text;
    for (const std::uint8_t choice : choices) text += pieces[choice % pieces.size()];
    const std::string whole = Answer(profile, prompt.placeholders, text);
    RC_ASSERT(Answer(profile, prompt.placeholders, text, 1 + step % 11) == whole);
    RC_ASSERT(!absl::StrContains(whole, "c@d.io"));
    const auto restoring = *RestoringRules(prompt.placeholders);
    FieldMasker fields(profile.response, restoring);
    const auto releases = *fields.Feed({{"f", text, true}});
    for (const domain::MaskedSpan& span : releases[0].masked) {
      const std::string shown = releases[0].text.substr(span.begin, span.end - span.begin);
      RC_ASSERT(absl::StartsWith(shown, "<") || shown.empty());
      RC_ASSERT(!absl::StrContains(shown, "a@b.io"));
    }
  }));
}

}  // namespace
}  // namespace countersign::masking
