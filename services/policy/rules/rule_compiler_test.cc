#include "services/policy/rules/rule_compiler.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/policy/testing/fake_text_engine.h"
#include "services/policy/testing/rule_fixture.h"

namespace countersign::policy::rules {
namespace {

std::string Refusal(const std::shared_ptr<domain::ResourceSet>& set, const FakeTextEngine& engine) {
  const auto compiled = CompileSnapshot(set, engine, nullptr);
  REQUIRE_FALSE(compiled.ok());
  CHECK(compiled.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetReason(compiled.status()) == "invalid_resource");
  return std::string(compiled.status().message());
}

TEST_CASE("CompileSnapshot: a refused pattern is named with its path and the engine's reason",
          "[policy]") {
  const FakeTextEngine engine;
  domain::Condition bad = Pattern("(?=x)");
  bad.path = "spec.when.any[1].pattern";
  CHECK(Refusal(MakeSet({When(Deny("p"), Any({Keywords("hipaa"), bad}))}), engine) ==
        "Policy/p: spec.when.any[1].pattern.regex: position 0: no lookahead");
}

TEST_CASE("CompileSnapshot: every mistake of every policy is reported at once", "[policy]") {
  const FakeTextEngine engine;
  const std::string message = Refusal(
      MakeSet({When(Deny("p"), Pattern("(?=x)")), When(Deny("q"), Pattern("(?=y)"))}), engine);
  CHECK(message.find("Policy/p: ") != std::string::npos);
  CHECK(message.find("\nPolicy/q: ") != std::string::npos);
}

TEST_CASE("CompileSnapshot: refused patterns are reported beside other mistakes", "[policy]") {
  const FakeTextEngine engine;
  const std::string message =
      Refusal(MakeSet({When(Deny("p"), All({Any({}), Pattern("(?=x)")})),
                       When(Deny("q"), Pattern("(?=x)")), When(Deny("r"), Keywords("ghost"))}),
              engine);
  CHECK(message.find("at least one") != std::string::npos);
  CHECK(message.find("\nPolicy/p: ") != std::string::npos);
  CHECK(message.find("\nPolicy/q: ") != std::string::npos);  // the same pattern, its own place
  CHECK(message.find("\"ghost\"") != std::string::npos);
}

TEST_CASE("CompileSnapshot: an unknown tokenizer is named with the connection", "[policy]") {
  const FakeTextEngine engine;
  const auto set = MakeSet({});
  set->connections["openai"].tokenizer = "p50k";
  CHECK(Refusal(set, engine) ==
        "Connection/openai: spec.tokenizer: the tokenizers are words, doubled");
}

TEST_CASE("CompileSnapshot: an empty list of conditions is refused", "[policy]") {
  const FakeTextEngine engine;
  CHECK(Refusal(MakeSet({When(Allow("p"), All({}))}), engine).find("at least one") !=
        std::string::npos);
  CHECK(Refusal(MakeSet({When(Allow("p"), Node(domain::Condition::Kind::kNot, {}))}), engine)
            .find("exactly one") != std::string::npos);
}

TEST_CASE("CompileSnapshot: a dictionary that does not exist is refused", "[policy]") {
  const FakeTextEngine engine;
  CHECK(Refusal(MakeSet({When(Deny("p"), Keywords("ghost"))}), engine).find("\"ghost\"") !=
        std::string::npos);
}

TEST_CASE("CompileSnapshot: a term that several policies share is compiled once", "[policy]") {
  const FakeTextEngine engine;
  const auto compiled = CompileSnapshot(
      MakeSet({When(Deny("p"), Any({Keywords("hipaa"), Pattern("a+")})),
               When(Deny("q"), Any({Keywords("hipaa", {"user"}), Pattern("a+", {"tool"})}))}),
      engine, nullptr);
  REQUIRE(compiled.ok());
  CHECK(engine.last_terms.size() == 3);  // two keywords, one pattern
}

TEST_CASE("CompileSnapshot: one pattern with two normalisations is two terms", "[policy]") {
  const FakeTextEngine engine;
  domain::PatternCondition folded{"a+", {}, domain::Normalize::kUnicode};
  REQUIRE(CompileSnapshot(MakeSet({When(Deny("p"), Any({Pattern("a+"), Leaf(folded)}))}), engine,
                          nullptr)
              .ok());
  REQUIRE(engine.last_terms.size() == 2);
  CHECK(engine.last_terms[0].view != engine.last_terms[1].view);
  CHECK(engine.last_terms[0].id != engine.last_terms[1].id);
}

TEST_CASE("CompileSnapshot: dictionaries that no policy uses are not compiled", "[policy]") {
  const FakeTextEngine engine;
  REQUIRE(CompileSnapshot(MakeSet({When(Deny("p"), Keywords("codes"))}), engine, nullptr).ok());
  REQUIRE(engine.last_terms.size() == 1);
  CHECK(engine.last_terms[0].text == "Bluebird");
  CHECK(engine.last_terms[0].view == text::matching::View::kRaw);
}

TEST_CASE("CompileSnapshot: a change without new terms reuses the scanner", "[policy]") {
  const FakeTextEngine engine;
  const auto first =
      *CompileSnapshot(MakeSet({When(Deny("p"), Keywords("hipaa"))}), engine, nullptr);
  CHECK(engine.compilations == 1);
  const auto second =
      *CompileSnapshot(MakeSet({When(Deny("p", 5), Keywords("hipaa")), Allow("q")}), engine, first);
  CHECK(engine.compilations == 1);
  CHECK(second->scanner == first->scanner);

  const auto set = MakeSet({When(Deny("p"), Keywords("hipaa"))});
  set->dictionaries["hipaa"].terms.push_back("biopsy");
  const auto third = *CompileSnapshot(set, engine, second);
  CHECK(engine.compilations == 2);
  CHECK(third->scanner != first->scanner);
}

TEST_CASE("CompileSnapshot: a set without text conditions needs no scanner", "[policy]") {
  const FakeTextEngine engine;
  const auto compiled = CompileSnapshot(MakeSet({When(Allow("p"), Tokens(5))}), engine, nullptr);
  REQUIRE(compiled.ok());
  CHECK((*compiled)->scanner == nullptr);
  CHECK(engine.compilations == 0);
}

}  // namespace
}  // namespace countersign::policy::rules
