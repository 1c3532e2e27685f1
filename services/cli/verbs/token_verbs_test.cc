#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"
#include "services/cli/token_client.h"

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

TEST_CASE("EncodeForm: every character arrives", "[cli]") {
  CHECK(EncodeForm({{"a", "b+c/d=="}, {"e_f", "g h&i"}}) == "a=b%2bc%2fd%3d%3d&e_f=g%20h%26i");
  CHECK(EncodeForm({{"a", "\xc3\xa9"}}) == "a=%c3%a9");
}

}  // namespace countersign::cli
