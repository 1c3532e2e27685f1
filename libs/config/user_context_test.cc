#include "libs/config/user_context.h"

#include <catch2/catch.hpp>

namespace countersign::config {
namespace {

const char kFile[] =
    "currentContext: a\ncontexts:\n  - {name: a, addr: 'http://a:1', tokenFile: /t}\n  - {name: b, "
    "addr: 'http://b:2', token: x}\n";

}  // namespace

TEST_CASE("ReadUserContext: gives the current context unless another is named", "[config]") {
  CHECK(ReadUserContext("f", kFile, "")->address == "http://a:1");
  CHECK(ReadUserContext("f", kFile, "")->token_file == "/t");
  CHECK(ReadUserContext("f", kFile, "b")->token == "x");
}

TEST_CASE("ReadUserContext: an unknown context and an unknown field are errors", "[config]") {
  CHECK_FALSE(ReadUserContext("f", kFile, "c").ok());
  CHECK_FALSE(ReadUserContext("f", "contexts: [{name: a, adr: x}]", "a").ok());
  CHECK_FALSE(ReadUserContext("f", "{", "").ok());
}

}  // namespace countersign::config
