#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/text/detectors/generator/byte_class.h"
#include "libs/text/detectors/generator/rule_file.h"
#include "libs/text/detectors/generator/table_writer.h"

namespace countersign::text::detectors {
namespace {

constexpr char kRule[] = R"(detectors:
  - entity: secret.acme_key
    source: acme.example/docs
    pattern: 'acme_[a-z0-9]{20}'
    positive: ['acme_{l20}']
    negative: ['acme_{l8}']
)";

struct Read {
  RuleFile file;
  std::vector<std::string> errors;
};

Read ReadText(const std::string& text) {
  Read read;
  read.file = ReadRuleFile("rules/acme.yaml", text, read.errors);
  return read;
}

// The errors of kRule with `from` replaced by `to`.
std::string ErrorsWith(const std::string& from, const std::string& to) {
  REQUIRE(absl::StrContains(kRule, from));
  std::string all;
  for (const std::string& error : ReadText(absl::StrReplaceAll(kRule, {{from, to}})).errors) {
    absl::StrAppend(&all, error, "\n");
  }
  return all;
}

TEST_CASE("ReadRuleFile: a rule has the defaults of detectors.h", "[generator]") {
  const Read read = ReadText(kRule);
  CHECK(read.errors.empty());
  CHECK(read.file.family == "acme");
  REQUIRE(read.file.rules.size() == 1);
  const Rule& rule = read.file.rules[0];
  CHECK(rule.place == "rules/acme.yaml:2");
  CHECK(rule.entity == "secret.acme_key");
  CHECK(rule.left_forbidden == regex::ByteSet::Word());
  CHECK(rule.right_forbidden == regex::ByteSet::Word());
  CHECK(rule.tier == 1);
  CHECK(rule.priority == 0);
  CHECK(rule.positive == std::vector<std::string>{"acme_{l20}"});
}

TEST_CASE("ReadRuleFile: a rule overrides the defaults of its file", "[generator]") {
  const Read read = ReadText(absl::StrCat(
      "defaults: {priority: 7, left_forbidden: '[\\w-]', pack: uk}\n",
      absl::StrReplaceAll(kRule, {{"    positive", "    priority: 9\n    positive"}})));
  CHECK(read.errors.empty());
  REQUIRE(read.file.rules.size() == 1);
  CHECK(read.file.rules[0].priority == 9);
  CHECK(read.file.rules[0].pack == "uk");
  CHECK(read.file.rules[0].tier == 2);
  CHECK(read.file.rules[0].left_forbidden.Contains('-'));
}

TEST_CASE("ReadRuleFile: the parts of a pattern are put together, anchors included",
          "[generator]") {
  const Read read = ReadText(
      absl::StrReplaceAll(kRule, {{"'acme_[a-z0-9]{20}'", "[&part '[a-f]{4}', '-', *part]"}}));
  CHECK(read.errors.empty());
  CHECK(read.file.rules.at(0).pattern == "[a-f]{4}-[a-f]{4}");
}

TEST_CASE("ReadRuleFile: words by language, each once, and operators that compare", "[generator]") {
  const Read read = ReadText(
      absl::StrCat(kRule, "    context: {named: {en: [phone, mobile], de: [telefon, mobile]}}\n",
                   "    exclusion: {beside: [version], compared: true}\n"));
  CHECK(read.errors.empty());
  REQUIRE(read.file.rules.size() == 1);
  CHECK(read.file.rules[0].context.kind == RuleWords::Kind::kNamed);
  CHECK(read.file.rules[0].context.words == std::vector<std::string>{"phone", "mobile", "telefon"});
  CHECK(read.file.rules[0].exclusion.compared);
  const Read wrong = ReadText(absl::StrCat(kRule, "    context: {near: {English: [phone]}}\n"));
  REQUIRE(wrong.errors.size() == 1);
  CHECK(absl::StrContains(wrong.errors[0], "a language is expected"));
}

TEST_CASE("ReadRuleFile: every mistake is reported with its file and line", "[generator]") {
  struct Mistake {
    const char* from;
    const char* to;
    const char* told;
  };
  for (const Mistake& mistake : {
           Mistake{"    source:", "    sources:", "rules/acme.yaml:3: unknown key 'sources'"},
           Mistake{"    source: acme.example/docs\n", "", "acme.yaml:2: 'source' is missing"},
           Mistake{"    negative: ['acme_{l8}']\n", "", "acme.yaml:2: 'negative' is missing"},
           Mistake{"['acme_{l8}']", "[]", "acme.yaml:6: 'negative' must be a list"},
           Mistake{"    positive", "    source: x\n    positive",
                   "acme.yaml:5: 'source' is given twice"},
           Mistake{"[a-z0-9]{20}", "[a-z0-9{20}", "acme.yaml:4: the pattern is refused"},
           Mistake{"secret.acme_key", "Acme", "acme.yaml:2: 'entity' is in lower snake case"},
           Mistake{"    positive", "    validator: luhm\n    positive",
                   "acme.yaml:5: unknown validator 'luhm'"},
           Mistake{"    positive", "    context_required: true\n    positive",
                   "acme.yaml:2: 'context_required' without a 'context'"},
           Mistake{"    positive", "    context: {near: [acme], beside: [acme]}\n    positive",
                   "acme.yaml:5: one of 'near'"},
           Mistake{"    positive", "    context: {near: [Acme]}\n    positive",
                   "acme.yaml:5: 'Acme' must be in lower case"},
           Mistake{"    positive", "    context: {near: [acme, acme]}\n    positive",
                   "acme.yaml:5: 'acme' is given twice"},
           Mistake{"    positive", "    left_forbidden: '\\w'\n    positive",
                   "acme.yaml:5: 'left_forbidden' must be a class of bytes"},
           Mistake{"    positive", "    tier: 2\n    positive", "acme.yaml:5: 'tier' is 1 or 3"},
           Mistake{"    positive", "    priority: high\n    positive",
                   "acme.yaml:5: 'priority' must be a number"},
           Mistake{"'acme_[a-z0-9]{20}'", "{computed: nothing}",
                   "acme.yaml:4: no function computes"},
           Mistake{"['acme_{l20}']", "['[[acme_{l20}']", "acme.yaml:5: '[[acme_{l20}' has [["},
           Mistake{"detectors:\n", "detectors: [\n", "rules/acme.yaml:"},
       }) {
    INFO(mistake.to);
    CHECK_THAT(ErrorsWith(mistake.from, mistake.to), Catch::Contains(mistake.told));
  }
}

TEST_CASE("ReadRuleFile: a file without detectors is refused", "[generator]") {
  CHECK_FALSE(ReadText("").errors.empty());
  CHECK_FALSE(ReadText("detectors: []").errors.empty());
  CHECK_FALSE(ReadText("- entity: x").errors.empty());
}

TEST_CASE("CheckTogether: rules of one entity are numbered across files", "[generator]") {
  std::vector<std::string> errors;
  std::vector<RuleFile> files = {
      ReadRuleFile("a.yaml", kRule, errors),
      ReadRuleFile("b.yaml", absl::StrReplaceAll(kRule, {{"{20}'", "{21}'"}}), errors)};
  CheckTogether(files, errors);
  CHECK(errors.empty());
  CHECK(files[0].rules[0].name == "secret.acme_key");
  CHECK(files[1].rules[0].name == "secret.acme_key/2");
}

TEST_CASE("CheckTogether: a duplicate rule is reported with both places", "[generator]") {
  std::vector<std::string> errors;
  std::vector<RuleFile> files = {ReadRuleFile("a.yaml", kRule, errors),
                                 ReadRuleFile("b.yaml", kRule, errors)};
  CheckTogether(files, errors);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == "b.yaml:2: the same rule as a.yaml:2");
}

TEST_CASE("CheckTogether: an entity must be in one tier and pack", "[generator]") {
  std::vector<std::string> errors;
  std::vector<RuleFile> files = {
      ReadRuleFile("a.yaml", kRule, errors),
      ReadRuleFile(
          "b.yaml",
          absl::StrReplaceAll(kRule, {{"{20}'", "{21}'"}, {"    pos", "    tier: 3\n    pos"}}),
          errors)};
  CheckTogether(files, errors);
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Catch::StartsWith("b.yaml:2: 'secret.acme_key' has another tier"));
}

TEST_CASE("ParseByteClass: ranges, escapes, complements and mistakes", "[generator]") {
  using regex::ByteSet;
  CHECK(ParseByteClass("[\\w.-]") == (ByteSet::Word() | ByteSet::Of(".-")));
  CHECK(ParseByteClass("[A-Z0-9]") == (ByteSet::Range('A', 'Z') | ByteSet::Digits()));
  CHECK(ParseByteClass("[\\]\\[\\\\]") == ByteSet::Of("][\\"));
  CHECK(ParseByteClass("[^:]") == ~ByteSet::Of(":"));
  CHECK(ParseByteClass("[a^-]") == ByteSet::Of("a^-"));
  for (const char* wrong : {"", "[]", "[^]", "\\w", "[z-a]", "[[]", "[\\", "[é]", "[a-]]"}) {
    INFO(wrong);
    CHECK_FALSE(ParseByteClass(wrong).has_value());
  }
}

TEST_CASE("ByteSetExpression: is short for a small set", "[generator]") {
  CHECK(ByteSetExpression({}) == "ByteSet()");
  CHECK(ByteSetExpression(regex::ByteSet::Word()) == "ByteSet::Word()");
  CHECK(ByteSetExpression(*ParseByteClass("[\\w\"-]")) ==
        R"(ByteSet::Word() | ByteSet::Of("\"-"))");
  CHECK(ByteSetExpression(*ParseByteClass("[^:]")) == R"(~(ByteSet::Of(":")))");
}

TEST_CASE("CppLiteral: no text can end or change the literal", "[generator]") {
  CHECK(CppLiteral("a\"b\\c?\?=") == R"("a\"b\\c\?\?=")");
  CHECK(CppLiteral("\n1") == "\"\\0121\"");
  CHECK(CppLiteral("é") == "\"\\303\\251\"");
}

TEST_CASE("TableSource: contains the pattern and no cases", "[generator]") {
  std::vector<std::string> errors;
  std::vector<RuleFile> files = {ReadRuleFile("rules/acme.yaml", kRule, errors)};
  CheckTogether(files, errors);
  const std::string table = TableSource(files[0]);
  CHECK(absl::StrContains(table, R"(.pattern = "acme_[a-z0-9]{20}")"));
  CHECK_FALSE(absl::StrContains(table, "acme_{l20}"));
  CHECK(absl::StrContains(CaseSource(files[0]), "acme_{l20}"));
  CHECK(absl::StrContains(CaseSource(files[0]), "\"acme.yaml:2\""));
  CHECK(absl::StrContains(TableIndexSource(files), "DetectorTable acme();"));
}

}  // namespace
}  // namespace countersign::text::detectors
