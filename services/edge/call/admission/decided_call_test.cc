#include "services/edge/call/admission/decided_call.h"

#include <catch2/catch.hpp>

namespace countersign::edge::call::admission {
namespace {

domain::ReviewTerms Terms() {
  domain::ReviewTerms terms;
  terms.reviewers = {"security", "legal"};
  terms.approvals = 2;
  terms.grant_uses = 3;
  terms.grant_ttl = absl::Minutes(10);
  return terms;
}

TEST_CASE("Covers: the same terms are covered, in any order of reviewers", "[edge]") {
  domain::ReviewTerms asked = Terms();
  CHECK(Covers(Terms(), asked));
  asked.reviewers = {"legal", "security", "privacy"};
  CHECK(Covers(Terms(), asked));
}

TEST_CASE("Covers: more people than required are enough, fewer are not", "[edge]") {
  domain::ReviewTerms asked = Terms();
  asked.approvals = 1;
  CHECK(Covers(Terms(), asked));
  asked.approvals = 3;
  CHECK_FALSE(Covers(Terms(), asked));
}

TEST_CASE("Covers: all approvers must be named by the new terms", "[edge]") {
  domain::ReviewTerms asked = Terms();
  asked.reviewers = {"security"};
  CHECK_FALSE(Covers(Terms(), asked));
}

TEST_CASE("Covers: a longer or larger grant is not covered", "[edge]") {
  domain::ReviewTerms asked = Terms();
  asked.grant_uses = 2;
  CHECK_FALSE(Covers(Terms(), asked));
  asked = Terms();
  asked.grant_ttl = absl::Minutes(5);
  CHECK_FALSE(Covers(Terms(), asked));
  asked = Terms();
  asked.grant_uses = 4;
  asked.grant_ttl = absl::Minutes(20);
  CHECK(Covers(Terms(), asked));
}

}  // namespace
}  // namespace countersign::edge::call::admission
