#include "services/policy/rules/text_engine.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "services/policy/rules/evaluator.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/rules/snapshot_holder.h"
#include "services/policy/testing/rule_fixture.h"

// Tests the rules with the real engine: both must agree on terms, views and spans.
namespace countersign::policy::rules {
namespace {

domain::Decision Ask(const std::shared_ptr<domain::ResourceSet>& set, const std::string& text) {
  static const LocalTextEngine engine;
  const auto snapshot = CompileSnapshot(set, engine, nullptr);
  INFO(snapshot.status().ToString());
  REQUIRE(snapshot.ok());
  const domain::Principal ann = Ann();
  const std::string connection = "openai";
  const auto decision = Evaluate(**snapshot, {ann, connection, UserSays(text)});
  INFO(decision.status().ToString());
  REQUIRE(decision.ok());
  return *decision;
}

std::shared_ptr<domain::ResourceSet> Plain(std::vector<domain::Policy> policies) {
  auto set = MakeSet(std::move(policies));
  set->connections["other"].tokenizer = "cl100k_base";
  return set;
}

TEST_CASE("LocalTextEngine: a unicode dictionary finds disguised words at their place",
          "[policy]") {
  const auto set = Plain({Allow("everyone"), When(Deny("d"), Keywords("hipaa"))});
  CHECK(Ask(set, "impatiently").policy == "everyone");
  // PATIENT in full-width letters, with a zero-width space inside.
  const std::string disguised =
      "the \xEF\xBC\xB0\xEF\xBC\xA1\xEF\xBC\xB4\xE2\x80\x8B\xEF\xBC\xA9\xEF\xBC\xA5\xEF\xBC\xAE"
      "\xEF\xBC\xB4 record";
  const domain::Decision decision = Ask(set, disguised);
  CHECK(decision.policy == "d");
  REQUIRE(decision.findings.size() == 1);
  CHECK(decision.findings[0].begin == 4);
  CHECK(decision.findings[0].end == disguised.size() - 7);
}

TEST_CASE("LocalTextEngine: a dictionary without normalisation keeps case", "[policy]") {
  const auto set = Plain({Allow("everyone"), When(Deny("d"), Keywords("codes"))});
  CHECK(Ask(set, "about Bluebird").policy == "d");
  CHECK(Ask(set, "about bluebird").policy == "everyone");
}

TEST_CASE("LocalTextEngine: a pattern in the contract's dialect works", "[policy]") {
  const auto set = Plain({Allow("everyone"), When(Deny("d"), Pattern(R"((?i)\bdrop\s+table\b)"))});
  CHECK(Ask(set, "please DROP  table users").policy == "d");
  CHECK(Ask(set, "raindrop tables").policy == "everyone");
}

TEST_CASE("LocalTextEngine: a pattern outside of the dialect is refused with its position",
          "[policy]") {
  const LocalTextEngine engine;
  domain::Condition bad = Pattern("(?=x)y");
  bad.path = "spec.when.pattern";
  const auto refused = CompileSnapshot(
      Plain({When(Deny("p"), bad), When(Deny("q"), Pattern(R"((a)\1)"))}), engine, nullptr);
  REQUIRE_FALSE(refused.ok());
  INFO(refused.status().message());
  CHECK(refused.status().message().find("Policy/p: spec.when.pattern.regex: ") !=
        absl::string_view::npos);
  CHECK(refused.status().message().find("\nPolicy/q: ") != absl::string_view::npos);
}

TEST_CASE("LocalTextEngine: tokens are those of the model's encoding", "[policy]") {
  CHECK(Ask(Plain({Allow("everyone")}), "hello world").prompt_tokens == 2);
  const LocalTextEngine engine;
  CHECK_FALSE(engine.TokenizerByName("p50k").ok());
}

TEST_CASE("LocalTextEngine: a thousand policies decide like one", "[policy]") {
  std::vector<domain::Policy> policies = {Allow("everyone")};
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    policies.push_back(When(Deny("p" + number), Pattern("PRJ-" + number + "x")));
  }
  const auto set = Plain(policies);
  CHECK(Ask(set, "PRJ-777x").policy == "p777");
  CHECK(Ask(set, "PRJ-1000").policy == "everyone");
}

const std::string kEncoded = absl::Base64Escape("the patient in room seven is ill");

TEST_CASE("LocalTextEngine: encoded text counts only where a match makes the decision stricter",
          "[policy]") {
  const auto denies = Plain({Allow("everyone"), When(Deny("d"), Keywords("hipaa"))});
  const domain::Decision decision = Ask(denies, "decode " + kEncoded + " for me");
  CHECK(decision.policy == "d");
  REQUIRE(decision.findings.size() == 1);
  CHECK(decision.findings[0].rule == "hipaa (encoded: base64)");
  CHECK(decision.findings[0].begin == 7);
  CHECK(decision.findings[0].end >= 7 + kEncoded.size() - 2);

  const auto reviews = Plain({Allow("everyone"), When(Review("r", 1), Pattern("room [a-z]+"))});
  CHECK(Ask(reviews, kEncoded).policy == "r");
  // A word that only decoding reveals never allows a call, and never prevents a deny.
  CHECK(Ask(Plain({When(Allow("a"), Keywords("hipaa"))}), kEncoded).policy.empty());
  CHECK(Ask(Plain({When(Allow("a"), Not(Keywords("hipaa")))}), kEncoded).policy.empty());
  CHECK(Ask(Plain({Allow("a"), When(Deny("d"), Not(Keywords("hipaa")))}), kEncoded).policy == "d");
}

TEST_CASE("LocalTextEngine: two layers of encoding are decoded, not three", "[policy]") {
  const auto set = Plain({Allow("everyone"), When(Deny("d"), Keywords("hipaa"))});
  const std::string twice = absl::BytesToHexString(kEncoded);
  CHECK(Ask(set, "x " + twice + " y").policy == "d");
  CHECK(Ask(set, absl::Base64Escape(twice)).policy == "everyone");
}

TEST_CASE("LocalTextEngine: no call fails while large dictionaries are swapped", "[policy]") {
  constexpr std::uint64_t kWords = 5;
  const LocalTextEngine engine;
  SnapshotHolder holder(engine);
  // Version v denies word<v mod 5> and no other of the five words.
  const auto set_of = [](std::uint64_t version) {
    const auto set = Plain({Allow("everyone"), When(Deny("d"), Keywords("hipaa"))});
    set->version = version;
    std::vector<std::string>& terms = set->dictionaries["hipaa"].terms;
    terms = {"word" + std::to_string(version % kWords)};
    for (int i = 0; i < 3000; ++i)
      terms.push_back("v" + std::to_string(version * 3000) + "x" + std::to_string(i));
    return set;
  };
  REQUIRE(holder.Serve(set_of(0)).ok());
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> newest_seen{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      const domain::Principal ann = Ann();
      const std::string connection = "openai";
      std::uint64_t last = 0;
      for (std::uint64_t turn = 0; !done; ++turn) {
        const std::uint64_t word = turn % kWords;
        const domain::Prompt prompt = UserSays("about word" + std::to_string(word));
        const auto decision = Evaluate(*holder.Current(), {ann, connection, prompt});
        if (!decision.ok()) {
          ++wrong;
          continue;
        }
        // The decision belongs to exactly one version, and never to an older one than before.
        const std::uint64_t version = decision->policy_version;
        const bool denies = version % kWords == word;
        if (decision->policy != (denies ? "d" : "everyone") || version < last) ++wrong;
        last = version;
        if (version > newest_seen) newest_seen = version;
      }
    });
  }
  // Continues until several versions have decided calls, however threads are scheduled.
  bool served = true;
  for (std::uint64_t version = 1; served && (version <= 6 || newest_seen < 6); ++version) {
    const auto draft = set_of(version);
    served = holder.Validate(draft).ok() && holder.Serve(draft).ok();
  }
  done = true;
  for (std::thread& caller : callers) caller.join();
  CHECK(served);
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace countersign::policy::rules
