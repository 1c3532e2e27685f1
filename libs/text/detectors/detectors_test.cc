#include "libs/text/detectors/detectors.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace countersign::text::detectors {
namespace {

std::shared_ptr<const redaction::RuleSet> RulesFor(absl::string_view name,
                                                   bool keep_context = true) {
  std::vector<redaction::RedactionRule> rules;
  const auto detectors = FindDetectors(name);
  REQUIRE(detectors.ok());
  for (const Detector* detector : *detectors) rules.push_back(ToRule(*detector, keep_context));
  const auto compiled = redaction::RuleSet::Compile(std::move(rules));
  REQUIRE(compiled.ok());
  return *compiled;
}

std::string Masked(absl::string_view name, absl::string_view text, bool keep_context = true) {
  const auto redacted = redaction::RedactWhole(RulesFor(name, keep_context), text);
  REQUIRE(redacted.ok());
  return redacted->text;
}

std::string MessageFor(absl::string_view name) {
  const auto found = FindDetectors(name);
  CHECK(found.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(found.status().message());
}

// Texts in which no detector may find anything.
TEST_CASE("tier1: everyday text is unchanged", "[detectors]") {
  const auto rules = RulesFor("tier1");
  for (const char* text :
       {"550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "2024-05-17T12:30:45.123456Z",
        "17/May/2024:12:30:45 +0000",
        "1715949045123",
        "Order 4711-2024-000123, invoice 20240517-0042",
        "version 1.20.30.40-rc.1 of libfoo",
        "Python 3.11.7, gcc 12.2.0-14, v1.2.3.4",
        "for (auto it = m.begin(); it != m.end(); ++it)",
        "std::vector<std::pair<int, std::string>> v{{1, \"a\"}};",
        "git@2.39.2",
        "a[0x5f3759df]",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "password = getpass.getpass(prompt)",
        "token: Optional[str] = None",
        "The password is never stored.",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "3.14159265358979323846",
        "ISBN 978-3-16-148410-0",
        "AB:CD:EF:01:23:45:67:89:AB:CD"}) {
    INFO(text);
    const auto redacted = redaction::RedactWhole(rules, text);
    REQUIRE(redacted.ok());
    CHECK(redacted->text == text);
  }
}

TEST_CASE("detectors: disguised digits and separators are recognised", "[detectors]") {
  CHECK(Masked("credit_card", "4111\u00A01111\u00A01111\u00A01111") == "<CREDIT_CARD>");
  CHECK(Masked("credit_card", "4111\u202F1111\u202F1111\u202F1111") == "<CREDIT_CARD>");
  CHECK(Masked("credit_card", "4111\u20111111\u20111111\u20111111") == "<CREDIT_CARD>");
  CHECK(Masked("us_ssn", "536\u201190\u20114399") == "<US_SSN>");
  CHECK(Masked("credit_card", "\uFF14111111111111111") == "<CREDIT_CARD>");
}

TEST_CASE("credit_card: a later start may be the one that validates", "[detectors]") {
  CHECK(Masked("credit_card", "1 4111 1111 1111 1111.") == "1 <CREDIT_CARD>.");
  CHECK(Masked("credit_card", "4111111111111111 1") == "<CREDIT_CARD> 1");
}

TEST_CASE("iban: ends where the country says", "[detectors]") {
  CHECK(Masked("iban", "to GB29 NWBK 6016 1331 9268 19 today") == "to <IBAN> today");
}

TEST_CASE("secrets: adjacent secrets are masked separately", "[detectors]") {
  CHECK(Masked("secret.*", "glpat-a8Xk3nQ0pZ7vR2mT5wYc AKIAQ7DXR2MPLQ3ZVNTB") ==
        "<SECRET.GITLAB_TOKEN> <SECRET.AWS_ACCESS_KEY_ID>");
}

TEST_CASE("private_key: from the header to the end, with or without it", "[detectors]") {
  const std::string body = "MIIBVgIBADANBgkqhkiG9w0BAQEFAASC\nATAwggEsAgEAAkEA=\n";
  CHECK(Masked("private_key", "k:\n-----BEGIN PRIVATE KEY-----\n" + body +
                                  "-----END PRIVATE KEY-----\nthen") == "k:\n<PRIVATE_KEY>\nthen");
  CHECK(Masked("private_key", "-----BEGIN RSA PRIVATE KEY-----\n" + body) == "<PRIVATE_KEY>");
}

TEST_CASE("ToRule: without context the pattern and the validator decide", "[detectors]") {
  CHECK(Masked("aba_routing", "021000021") == "021000021");
  CHECK(Masked("aba_routing", "routing 021000021") == "routing <ABA_ROUTING>");
  CHECK(Masked("aba_routing", "021000021", false) == "<ABA_ROUTING>");
  CHECK(Masked("us_ssn", "536904399", false) == "536904399");
}

TEST_CASE("FindDetectors: entities, families, tiers", "[detectors]") {
  CHECK(FindDetectors("tier1")->size() == Tier1Detectors().size());
  CHECK(FindDetectors("all")->size() == AllDetectors().size());
  CHECK(FindDetectors("secret.*")->size() > 300);
  CHECK(FindDetectors("credit_card").ok());
  CHECK(IsDetectorSet("secret.*"));
  CHECK(IsDetectorSet("tier2"));
  CHECK_FALSE(IsDetectorSet("credit_card"));
}

TEST_CASE("FindDetectors: an unknown name is refused with the most similar one", "[detectors]") {
  CHECK(MessageFor("credit_cards").find("names are credit_card") != std::string::npos);
  CHECK(MessageFor("ssn").find("us_ssn") != std::string::npos);
  CHECK(MessageFor("emial").find("email") != std::string::npos);
  CHECK(MessageFor("nothing.*").size() < 500);
  CHECK_FALSE(FindDetectors("secret.").ok());
  CHECK_FALSE(FindDetectors("tier").ok());
  CHECK_FALSE(FindDetectors("pack.").ok());
  CHECK_FALSE(FindDetectors("*").ok());
}

TEST_CASE("detectors: the reference documents every entity, pack and validator", "[detectors]") {
  std::ifstream file(CS_SOURCE_DIR "/docs/masking-reference.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string reference = text.str();
  REQUIRE_FALSE(reference.empty());
  const auto has = [&](const std::string& name) {
    INFO(name);
    CHECK(reference.find(absl::StrCat("`", name, "`")) != std::string::npos);
  };
  for (const Detector& detector : AllDetectors()) {
    has(detector.entity);
    if (!detector.pack.empty()) has(absl::StrCat("pack.", detector.pack));
  }
  for (const auto& validator : validators::AllValidators()) has(std::string(validator.name));
}

// Not run by default: scripts/measure-detectors generates the tables of the reference from it.
TEST_CASE("detectors: a list of all entities", "[.reference]") {
  struct Listed {
    const Detector* first = nullptr;
    std::size_t shapes = 0, by_proximity = 0;
    std::set<std::string> checks;
    std::vector<std::string> sources;
  };
  std::vector<std::string> order;
  std::map<std::string, Listed> entities;
  for (const Detector& detector : AllDetectors()) {
    Listed& listed = entities[detector.entity];
    if (listed.first == nullptr) {
      listed.first = &detector;
      order.push_back(detector.entity);
    }
    ++listed.shapes;
    listed.by_proximity += detector.context.empty() ? 0 : 1;
    if (detector.validator != nullptr) {
      listed.checks.insert(std::string(detector.validator->name));
    }
    if (std::find(listed.sources.begin(), listed.sources.end(), detector.source) ==
        listed.sources.end()) {
      listed.sources.push_back(detector.source);
    }
  }
  for (const std::string& name : order) {
    const Listed& listed = entities[name];
    const bool secret = name.rfind("secret.", 0) == 0;
    const bool assigned = secret && listed.first->context.assigned;
    const char* some = secret ? (assigned ? "assigned" : "–") : "for some shapes";
    const char* all = assigned ? "assigned" : "yes";
    const char* none = secret ? "–" : "no";
    const char* context = listed.by_proximity == 0               ? none
                          : listed.by_proximity == listed.shapes ? all
                                                                 : some;
    std::cout << absl::StrJoin({std::string("entity"), name, absl::StrCat(listed.first->tier),
                                listed.first->pack, absl::StrCat(listed.shapes),
                                absl::StrJoin(listed.checks, ", "), std::string(context),
                                absl::StrJoin(listed.sources, "; ")},
                               "\t")
              << "\n";
  }
}

}  // namespace
}  // namespace countersign::text::detectors
