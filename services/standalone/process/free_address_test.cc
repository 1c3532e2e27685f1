#include "services/standalone/process/free_address.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/testing/taken_port.h"

namespace countersign::standalone::process {
namespace {

using countersign::testing::TakenPort;

TEST_CASE("WantedOrFree: a taken port is replaced by a free one", "[standalone]") {
  TakenPort taken;
  const std::string wanted = taken.address();
  CHECK(WantedOrFree(wanted) == "127.0.0.1:0");
  taken.Free();
  CHECK(WantedOrFree(wanted) == wanted);
}

TEST_CASE("WantedOrFree: a port taken on all addresses is replaced, too", "[standalone]") {
  const TakenPort taken;
  CHECK(WantedOrFree("0.0.0.0:" + taken.port()) == "0.0.0.0:0");
}

TEST_CASE("WantedOrFree: returns addresses that it cannot check unchanged", "[standalone]") {
  const TakenPort taken;
  for (const std::string& address :
       {std::string("localhost:") + taken.port(), std::string("[::1]:") + taken.port(),
        std::string("127.0.0.1"), std::string("127.0.0.1:http"), std::string("127.0.0.1:"),
        std::string()}) {
    CHECK(WantedOrFree(address) == address);
  }
}

TEST_CASE("WantedOrFree: port 0 stays 0", "[standalone]") {
  CHECK(WantedOrFree("127.0.0.1:0") == "127.0.0.1:0");
}

}  // namespace
}  // namespace countersign::standalone::process
