#include "services/approval/reviewers/reviewer_directory.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/status.h"
#include "services/approval/testing/approval_testing.h"

namespace countersign::approval::reviewers {
namespace {

using testing::Approval;
using testing::Signed;

struct Fixture {
  Fixture() {
    domain::Identity bob;
    bob.name = "bob";
    bob.kind = domain::IdentityKind::kHuman;
    bob.groups = {"security"};
    set.identities["bob"] = bob;
    domain::RoleBinding binding;
    binding.name = "reviewers";
    binding.role = domain::Role::kReviewer;
    binding.groups = {"security", "on-call"};
    binding.connections = {"openai"};
    set.role_bindings["reviewers"] = binding;
    terms.reviewers = {"security"};
  }
  void ProvideTokens(domain::OidcProfile profile) {
    domain::IdentityProvider& corp = set.identity_providers["corp"];
    corp.oidc = domain::IdentityProvider::Oidc();
    corp.oidc->issuer = Approval("bob").voter.issuer;
    corp.oidc->profile = profile;
  }
  void Serve() { REQUIRE(directory.Serve(std::make_shared<domain::ResourceSet>(set)).ok()); }
  bool StillReviewer(const reviews::Vote& vote, const std::string& connection = "openai") {
    const auto still = directory.StillReviewer(vote, connection, terms);
    REQUIRE(still.ok());
    return *still;
  }

  domain::ResourceSet set;
  domain::ReviewTerms terms;
  ReviewerDirectory directory;
};

TEST_CASE_METHOD(Fixture, "ReviewerDirectory: knows nobody before resources are served",
                 "[approval]") {
  CHECK(absl::IsUnavailable(directory.ClaimedGroups(Signed("bob", {}, {})).status()));
  CHECK(absl::IsUnavailable(directory.StillReviewer(Approval("bob"), "openai", terms).status()));
}

TEST_CASE_METHOD(Fixture, "ClaimedGroups: those that the Identity does not have itself",
                 "[approval]") {
  Serve();
  CHECK(*directory.ClaimedGroups(Signed("bob", {"security", "on-call"}, {})) ==
        std::vector<std::string>{"on-call"});
  // Without an Identity, all groups come from the token.
  CHECK(*directory.ClaimedGroups(Signed("zoe", {"security"}, {})) ==
        std::vector<std::string>{"security"});
}

TEST_CASE_METHOD(Fixture, "StillReviewer: the role, the connection and the terms must agree",
                 "[approval]") {
  Serve();
  CHECK(StillReviewer(Approval("bob")));
  CHECK_FALSE(StillReviewer(Approval("bob"), "another"));
  terms.reviewers = {"on-call"};
  CHECK_FALSE(StillReviewer(Approval("bob")));
  terms.reviewers = {"bob"};
  CHECK(StillReviewer(Approval("bob")));
}

TEST_CASE_METHOD(Fixture, "StillReviewer: an Identity that is gone reviews no more", "[approval]") {
  reviews::Vote vote = Approval("bob");
  vote.claimed_groups = {"security"};
  Serve();
  CHECK(StillReviewer(vote));
  set.identities.clear();
  Serve();
  CHECK_FALSE(StillReviewer(vote));
}

TEST_CASE_METHOD(Fixture,
                 "StillReviewer: groups claimed when voting count, without an Identity too",
                 "[approval]") {
  ProvideTokens(domain::OidcProfile::kKeycloak);
  Serve();
  reviews::Vote vote = Approval("bob");
  vote.voter.identity.clear();
  CHECK_FALSE(StillReviewer(vote));
  vote.claimed_groups = {"security"};
  CHECK(StillReviewer(vote));
}

TEST_CASE_METHOD(Fixture,
                 "StillReviewer: a voter who is no longer known to be a person does not count",
                 "[approval]") {
  reviews::Vote by_token = Approval("bob");
  by_token.voter.identity.clear();
  by_token.claimed_groups = {"security"};
  for (const auto profile :
       {domain::OidcProfile::kAny, domain::OidcProfile::kJwt, domain::OidcProfile::kAccessToken}) {
    ProvideTokens(profile);
    Serve();
    CHECK_FALSE(StillReviewer(by_token));
  }
  ProvideTokens(domain::OidcProfile::kEntra);
  Serve();
  CHECK(StillReviewer(by_token));
  set.identity_providers.clear();
  auto& saml = set.identity_providers["sso"].saml.emplace();
  saml.issuer = by_token.voter.issuer;
  Serve();
  CHECK_FALSE(StillReviewer(by_token));
  saml.signs_in_people = true;
  Serve();
  CHECK(StillReviewer(by_token));
  by_token.voter.issuer = "https://another.example";
  CHECK_FALSE(StillReviewer(by_token));
  for (const auto kind : {domain::IdentityKind::kService, domain::IdentityKind::kCi,
                          domain::IdentityKind::kAgent, domain::IdentityKind::kUnspecified}) {
    set.identities["bob"].kind = kind;
    Serve();
    CHECK_FALSE(StillReviewer(Approval("bob")));
  }
}

TEST_CASE_METHOD(Fixture, "StillReviewer: another role on the connection is not enough",
                 "[approval]") {
  set.role_bindings["reviewers"].role = domain::Role::kAuditor;
  Serve();
  CHECK_FALSE(StillReviewer(Approval("bob")));
}

TEST_CASE_METHOD(Fixture, "CheckReviewer: ids of other connections tell nothing", "[approval]") {
  const auto bob = Signed("bob", {"security"}, {{domain::Role::kReviewer, {"openai"}}});
  CHECK(CheckReviewer(bob, "openai", terms, "r1").ok());
  CHECK(GetReason(CheckReviewer(bob, "another", terms, "r1")) == "review_not_found");
  terms.reviewers = {"legal"};
  CHECK(GetReason(CheckReviewer(bob, "openai", terms, "r1")) == "not_a_reviewer");
}

}  // namespace
}  // namespace countersign::approval::reviewers
