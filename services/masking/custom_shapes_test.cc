#include "services/masking/custom_shapes.h"

#include <catch2/catch.hpp>
#include <string>

#include "services/masking/replacement.h"

namespace countersign::masking {
namespace {

std::string ToPatternOrError(absl::string_view shape) {
  const absl::StatusOr<std::string> pattern = TemplateToPattern(shape);
  return pattern.ok() ? *pattern : std::string(pattern.status().message());
}

// The shape of a rule that has one.
absl::StatusOr<text::redaction::RedactionRule> OneShape(const domain::MaskingRule& rule) {
  auto shapes = CustomShapes(rule);
  if (!shapes.ok()) return shapes.status();
  REQUIRE(shapes->size() == 1);
  return std::move(shapes->front());
}

TEST_CASE("TemplateToPattern: placeholders become classes, everything else is literal",
          "[masking]") {
  CHECK(ToPatternOrError("#Aa*") == "[0-9][A-Z][a-z][0-9A-Za-z]");
  CHECK(ToPatternOrError("ID-# (x)") == "ID\\-[0-9] \\(x\\)");
  CHECK(ToPatternOrError("[#]{2}.+?") == "\\[[0-9]\\]\\{2\\}\\.\\+\\?");
  CHECK(ToPatternOrError("\xc3\xa9#") == "\xc3\xa9[0-9]");
}

TEST_CASE("TemplateToPattern: a backslash makes any character literal", "[masking]") {
  CHECK(ToPatternOrError("\\#\\A\\a\\*\\\\#") == "\\#Aa\\*\\\\[0-9]");
  CHECK(ToPatternOrError("\\d#") == "d[0-9]");  // not a digit: templates are no patterns
}

TEST_CASE("TemplateToPattern: refuses a template that is empty, fixed, open or too long",
          "[masking]") {
  CHECK(ToPatternOrError("") ==
        "a template needs at least one of # A a *; put fixed words into a dictionary");
  CHECK(ToPatternOrError("ID-1") == ToPatternOrError(""));
  CHECK(ToPatternOrError("\\#") == ToPatternOrError(""));
  CHECK(ToPatternOrError("#\\") == "at byte 1: nothing follows \\");
  CHECK(TemplateToPattern(std::string(256, '#')).ok());
  CHECK(ToPatternOrError(std::string(257, '#')) == "a template has at most 256 bytes");
}

TEST_CASE("NormalizedForHash: keeps letters, digits and every byte beyond ASCII", "[masking]") {
  CHECK(NormalizedForHash("").empty());
  CHECK(NormalizedForHash(" \t\r\n\v\f-._/()").empty());
  CHECK(NormalizedForHash("DE 44-5001") == "de445001");
  CHECK(NormalizedForHash("Gr\xc3\xb6\xc3\x9f"
                          "E") ==
        "gr\xc3\xb6\xc3\x9f"
        "e");
}

TEST_CASE("HashValue: the same for every spelling, another with another key", "[masking]") {
  const std::string plain = HashValue("ab12c", SecretString());
  CHECK(plain == "77312e7f683f4e6bf6ae02d618f04cce8874aed2d8816fec1f1f57a137530a8e");
  CHECK(HashValue("AB-12 C", SecretString()) == plain);
  // `printf ab12c | openssl dgst -sha256 -hmac k`
  const std::string keyed = HashValue("ab12c", SecretString("k"));
  CHECK(keyed == "e6c5d268600218f221d29d877ad935a4daf904b66331e999c86a7d08443f31b1");
  CHECK(HashValue("ab12c", SecretString("K")) != keyed);
}

TEST_CASE("CustomShapes: a pattern may match within words, a template may not", "[masking]") {
  domain::MaskingRule pattern;
  pattern.pattern = "[0-9]{4}";
  const auto anywhere = OneShape(pattern);
  REQUIRE(anywhere.ok());
  CHECK_FALSE(anywhere->left_forbidden.Contains('a'));
  CHECK_FALSE(anywhere->right_forbidden.Contains('a'));
  domain::MaskingRule shape;
  shape.shape = "####";
  const auto alone = OneShape(shape);
  REQUIRE(alone.ok());
  CHECK(alone->left_forbidden.Contains('_'));
  CHECK(alone->right_forbidden.Contains('7'));
  CHECK_FALSE(alone->right_forbidden.Contains(' '));
}

TEST_CASE("CustomShapes: refuses patterns of every kind of rule with the position", "[masking]") {
  domain::MaskingRule rule;
  for (const char* bad : {"", "(", "[z-a]", "x{2,1}", "(?<=a)b", "\\1"}) {
    INFO(bad);
    rule.pattern = bad;
    CHECK(absl::IsInvalidArgument(OneShape(rule).status()));
    domain::MaskingRule hashed;
    hashed.hashed.emplace();
    hashed.hashed->pattern = bad;
    CHECK(absl::IsInvalidArgument(OneShape(hashed).status()));
  }
}

TEST_CASE("CustomShapes: a hashed rule accepts only values with one of its hashes", "[masking]") {
  domain::MaskingRule rule;
  rule.hashed.emplace();
  rule.hashed->pattern = "[0-9]{4}";
  rule.hashed->values = {HashValue("1234", SecretString()), HashValue("9999", SecretString("k"))};
  const auto shape = OneShape(rule);
  REQUIRE(shape.ok());
  REQUIRE(shape->validator != nullptr);
  CHECK(shape->validator("1234"));
  CHECK(shape->validator("1 2-3.4"));
  CHECK_FALSE(shape->validator("12345"));
  CHECK_FALSE(shape->validator("9999"));  // hashed with a key that this rule does not have
  CHECK_FALSE(shape->validator(""));
}

text::redaction::RedactionRule WithConditions(const domain::MaskingRule& rule) {
  text::redaction::RedactionRule shape = OneShape(rule).value();
  const absl::Status added = AddConditions(rule, shape);
  INFO(added.message());
  REQUIRE(added.ok());
  return shape;
}

TEST_CASE("AddConditions: exceptions hold without case, and for their parts at word edges",
          "[masking]") {
  domain::MaskingRule rule;
  rule.pattern = "[a-z@.]{3,20}";
  rule.except = {"Help@Example.org"};
  const auto validator = WithConditions(rule).validator;
  for (const char* excepted :
       {"help@example.org", "HELP@EXAMPLE.ORG", "example.org", "help@example", "help"}) {
    INFO(excepted);
    CHECK_FALSE(validator(excepted));
  }
  for (const char* masked : {"elp@example.org", "help@example.or", "other@example.org", "xample",
                             "help@example.orgs", ""}) {
    INFO(masked);
    CHECK(validator(masked));
  }
}

TEST_CASE("AddConditions: a validator and exceptions must both agree", "[masking]") {
  domain::MaskingRule rule;
  rule.pattern = "[0-9]{16}";
  rule.validator = "luhn";
  rule.except = {"4111111111111111"};
  const auto validator = WithConditions(rule).validator;
  CHECK(validator("5555555555554444"));
  CHECK_FALSE(validator("4111111111111111"));  // valid, excepted
  CHECK_FALSE(validator("5555555555554445"));  // not valid
}

TEST_CASE("AddConditions: copies context, count and priority only if they are given", "[masking]") {
  domain::MaskingRule rule;
  rule.pattern = "[0-9]{4}";
  text::redaction::RedactionRule shape = OneShape(rule).value();
  shape.priority = 7;
  REQUIRE(AddConditions(rule, shape).ok());
  CHECK(shape.priority == 7);
  CHECK(shape.min_count == 1);
  CHECK(shape.context.words.empty());
  CHECK(shape.validator == nullptr);
  rule.context_words = {"account", "konto"};
  rule.context_assigned = true;
  rule.min_count = 3;
  rule.priority = -2;
  REQUIRE(AddConditions(rule, shape).ok());
  CHECK(shape.priority == -2);
  CHECK(shape.min_count == 3);
  CHECK(shape.context.words == rule.context_words);
  CHECK(shape.context.assigned);
}

using Action = domain::MaskingRule::Action;

text::redaction::RedactionRule RuleFor(Action action, std::size_t keep = 4,
                                       const std::string& key = "k") {
  domain::MaskingRule rule;
  rule.action = action;
  rule.keep = keep;
  text::redaction::RedactionRule shape;
  REQUIRE(SetReplacement(rule, "CARD", SecretString(key), shape).ok());
  return shape;
}

std::string KeepLast(const std::string& original, std::size_t keep) {
  return RuleFor(Action::kKeepLast, keep).rewrite(original);
}

TEST_CASE("SetReplacement: redact and replace are fixed texts", "[masking]") {
  const auto redact = RuleFor(Action::kRedact);
  CHECK(redact.replacement == "[REDACTED]");
  CHECK(redact.rewrite == nullptr);
  const auto replace = RuleFor(Action::kReplace);
  CHECK(replace.replacement == "<CARD>");
  CHECK(replace.rewrite == nullptr);
}

TEST_CASE("SetReplacement: replaces an earlier action", "[masking]") {
  domain::MaskingRule rule;
  text::redaction::RedactionRule shape = RuleFor(Action::kHash);
  REQUIRE(shape.rewrite != nullptr);
  rule.action = Action::kReplace;
  REQUIRE(SetReplacement(rule, "OTHER", SecretString("k"), shape).ok());
  CHECK(shape.rewrite == nullptr);
  CHECK(shape.replacement == "<OTHER>");
  CHECK(shape.mixed_replacement == "<OTHER>");
}

TEST_CASE("SetReplacement: no action shows a part of another rule's match", "[masking]") {
  for (const Action action : {Action::kRedact, Action::kReplace, Action::kKeepLast, Action::kHash,
                              Action::kPlaceholder}) {
    CHECK(RuleFor(action).mixed_replacement == "<CARD>");
  }
}

TEST_CASE("SetReplacement: keepLast counts letters and digits, not punctuation", "[masking]") {
  CHECK(KeepLast("4111 1111-1111.1234", 4) == "**** ****-****.1234");
  CHECK(KeepLast("12-34", 2) == "**-34");
  CHECK(KeepLast("ab--", 1) == "*b--");
}

TEST_CASE("SetReplacement: keepLast hides everything that is not longer than it keeps",
          "[masking]") {
  CHECK(KeepLast("1234", 4) == "****");
  CHECK(KeepLast("12345", 4) == "*2345");
  CHECK(KeepLast("a", 4) == "*");
  CHECK(KeepLast("--", 4) == "--");
  CHECK(KeepLast("", 4).empty());
  CHECK(KeepLast("12 34", 0) == "** **");
}

TEST_CASE("SetReplacement: keepLast counts characters beyond ASCII as one", "[masking]") {
  CHECK(KeepLast("\xd0\x90\xd0\x91\xd0\x92", 1) == "**\xd0\x92");  // Cyrillic
  CHECK(KeepLast("\xf0\x9f\x98\x80"
                 "12",
                 2) == "*12");  // an emoji
  CHECK(KeepLast("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93", 2) ==
        "*\xef\xbc\x92\xef\xbc\x93");  // full-width digits
}

TEST_CASE("SetReplacement: a hash depends on key, label and original", "[masking]") {
  const std::string hash = RuleFor(Action::kHash).rewrite("4111");
  CHECK(hash == "<CARD:b443eab2a1c2>");
  CHECK(RuleFor(Action::kHash).rewrite("4111") == hash);
  CHECK(RuleFor(Action::kHash).rewrite("4112") != hash);
  CHECK(RuleFor(Action::kHash, 4, "other").rewrite("4111") != hash);
  domain::MaskingRule rule;
  rule.action = Action::kHash;
  text::redaction::RedactionRule other;
  REQUIRE(SetReplacement(rule, "SSN", SecretString("k"), other).ok());
  CHECK(other.rewrite("4111").substr(5) != hash.substr(6));
}

}  // namespace
}  // namespace countersign::masking
