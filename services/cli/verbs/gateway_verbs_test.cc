#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

TEST_CASE_METHOD(VerbTest, "whoami: who, and with which roles on which connections",
                 "[cli][verbs]") {
  gateway.Answer("IdentityService/WhoAmI",
                 R"({"identity":"ann","issuer":"https://issuer.example","subject":"a1",
                     "name":"Ann Lee","actor":"helper-bot","kind":"human",
                     "groups":["ops","oncall"],"roles":[
                     {"role":"admin","connections":[]},
                     {"role":"caller","connections":["openai","other"]}]})");
  const RunResult run = Run({"whoami"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "identity    ann\n"
        "issuer      https://issuer.example\n"
        "subject     a1\n"
        "name        Ann Lee\n"
        "actor       helper-bot\n"
        "kind        human\n"
        "groups      ops,oncall\n"
        "expiresAt   -\n"
        "role        admin on all connections\n"
        "role        caller on openai,other\n");
}

TEST_CASE_METHOD(VerbTest, "whoami: a credential that does not stand is a refusal",
                 "[cli][verbs]") {
  gateway.Answer("IdentityService/WhoAmI", absl::UnauthenticatedError("the key is revoked"));
  const RunResult run = Run({"whoami"});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: the key is revoked\n");
}

}  // namespace
}  // namespace countersign::cli
