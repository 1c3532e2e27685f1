#include "services/cli/offline/policy_warnings.h"

#include <catch2/catch.hpp>

namespace countersign::cli::offline {
namespace {

using Match = domain::Policy::Match;

domain::Policy MakePolicy(const std::string& name, domain::Verdict verdict, Match match) {
  domain::Policy policy;
  policy.name = name;
  policy.verdict = verdict;
  policy.match = std::move(match);
  return policy;
}
domain::Policy Allow(const std::string& name, Match match) {
  return MakePolicy(name, domain::Verdict::kAllow, std::move(match));
}
domain::Policy Review(Match match) {
  return MakePolicy("review", domain::Verdict::kReview, std::move(match));
}

std::vector<std::string> Warnings(const std::vector<domain::Policy>& policies) {
  domain::ResourceSet set;
  for (const domain::Policy& policy : policies) set.policies.emplace(policy.name, policy);
  return FindPolicyWarnings(set);
}

TEST_CASE("FindPolicyWarnings: a review of everything beside an allow for one model", "[cli]") {
  CHECK(Warnings({Allow("a", {.models = {"mini"}}), Review({})}) ==
        std::vector<std::string>{
            "Policy/review: spec.match: an approval of this review opens all models, but without a "
            "review only mini is allowed; narrow match.models if that is not meant"});
}

TEST_CASE("FindPolicyWarnings: every section in which a review permits more", "[cli]") {
  const auto found = Warnings({Allow("a", {.connections = {"x"},
                                           .groups = {"g"},
                                           .identities = {"ann"},
                                           .models = {"m"},
                                           .operations = {"chat.completions"}}),
                               Review({})});
  REQUIRE(found.size() == 5);
  CHECK(found[0].find("opens all connections, but") != std::string::npos);
  CHECK(found[4].find("opens all operations, but") != std::string::npos);
}

TEST_CASE("FindPolicyWarnings: names what is not covered", "[cli]") {
  const auto found =
      Warnings({Allow("a", {.models = {"gpt-*", "o3"}}), Allow("b", {.models = {"o4"}}),
                Review({.models = {"gpt-4*", "o3", "o1", "*"}})});
  REQUIRE(found.size() == 1);
  CHECK(
      found[0].find("Policy/review: spec.match.models: an approval of this review opens the models "
                    "o1, *, but without a review only gpt-*, o3, o4 are allowed") == 0);
}

TEST_CASE("FindPolicyWarnings: a review of models that every allow leaves out", "[cli]") {
  const auto found = Warnings({Allow("a", {.except_models = {"o3", "gpt-*"}}),
                               Allow("b", {.models = {"gpt-4o"}}), Review({})});
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("Policy/review: spec.match: an approval of this review opens the models o3, "
                      "which are allowed to nobody without a review") == 0);
  CHECK(
      Warnings({Allow("a", {.except_models = {"o3"}}), Review({.except_models = {"o*"}})}).empty());
  CHECK(Warnings({Allow("a", {.except_models = {"o3"}}), Review({.models = {"gpt-*"}})}).empty());
  // All but what is allowed anyway: that is meant.
  CHECK(Warnings({Allow("a", {.models = {"o3"}}), Review({.except_models = {"o3"}})}).empty());
}

TEST_CASE("FindPolicyWarnings: nothing if a review permits no more than is allowed", "[cli]") {
  CHECK(Warnings({Allow("a", {}), Review({})}).empty());
  CHECK(Warnings({Allow("a", {.models = {"gpt-*"}}), Review({.models = {"gpt-4o"}})}).empty());
  CHECK(Warnings({Allow("a", {.models = {"m"}}), Allow("b", {}), Review({})}).empty());
  // If nothing is allowed without a review, reviews are meant to permit it.
  CHECK(Warnings({Review({})}).empty());
  CHECK(Warnings({Allow("a", {.models = {"m"}}), Review({.models = {"other"}})}).empty());
  CHECK(Warnings(
            {Allow("a", {.connections = {"x"}, .models = {"m"}}), Review({.connections = {"y"}})})
            .empty());
  CHECK(Warnings({Allow("a", {.models = {"m"}}), MakePolicy("deny", domain::Verdict::kDeny, {})})
            .empty());
}

}  // namespace
}  // namespace countersign::cli::offline
