#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {

TEST_CASE("token exchange: one credential, and files that exist", "[cli]") {
  VerbTest test;
  const std::string jwt = test.home.Write("token", "e.e.e\n");
  CHECK_THAT(test.Run({"token", "exchange"}).err,
             Catch::Contains("give exactly one of --saml, --jwt and --key"));
  CHECK_THAT(test.Run({"token", "exchange", "--jwt", jwt, "--key", jwt}).err,
             Catch::Contains("give exactly one of"));
  CHECK_THAT(test.Run({"token", "exchange", "--saml", test.home.path + "/no"}).err,
             Catch::Contains("/no"));
  CHECK_THAT(test.Run({"token", "exchange", "--jwt", jwt, "--addr", "127.0.0.1:1"}).err,
             Catch::Contains("cannot reach the gateway at http://127.0.0.1:1"));
}

}  // namespace countersign::cli
