#include "services/standalone/process/listen_host.h"

#include <catch2/catch.hpp>

namespace countersign::standalone::process {
namespace {

TEST_CASE("IsLoopback: only what this machine alone reaches", "[standalone]") {
  for (const char* host : {"127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST"}) {
    CHECK(IsLoopback(host));
  }
  for (const char* host : {"", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "fe80::1", "gateway",
                           "localhost.example", "127.0.0.1.example"}) {
    CHECK_FALSE(IsLoopback(host));
  }
}

TEST_CASE("ReachableNames: loopback has all of its names, others are themselves", "[standalone]") {
  CHECK(ReachableNames("127.0.0.1") == std::vector<std::string>{"127.0.0.1", "localhost", "::1"});
  CHECK(ReachableNames("10.1.2.3") == std::vector<std::string>{"10.1.2.3"});
  CHECK(ReachableNames("gateway.example") == std::vector<std::string>{"gateway.example"});
}

TEST_CASE("ReachableNames: every address means the machine's name and addresses", "[standalone]") {
  for (const char* host : {"", "0.0.0.0", "::"}) {
    const std::vector<std::string> names = ReachableNames(host);
    REQUIRE(names.size() > 3);
    CHECK(names[0] == "localhost");
    for (const std::string& name : names) CHECK_FALSE(IsEveryAddress(name));
  }
}

TEST_CASE("LocalUrl: every address is written as loopback", "[standalone]") {
  CHECK(LocalUrl("127.0.0.1:8080", false) == "http://127.0.0.1:8080");
  CHECK(LocalUrl("0.0.0.0:8443", true) == "https://127.0.0.1:8443");
  CHECK(LocalUrl("[::]:8443", true) == "https://[::1]:8443");
  CHECK(LocalUrl("10.0.0.1:80", true) == "https://10.0.0.1:80");
}

}  // namespace
}  // namespace countersign::standalone::process
