#include "libs/http/limits/connection_table.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace countersign::http::limits {
namespace {

// Connections by name, and the names of evicted ones, in order.
struct Connections {
  explicit Connections(const ConnectionTable::Limits& limits) : table(limits) {}

  bool Admit(const std::string& name, const std::string& source) {
    auto place = table.Admit(source, [this, name] { evicted.push_back(name); });
    const bool admitted = place != nullptr;
    if (admitted) places[name] = std::move(place);
    return admitted;
  }
  void Leave(const std::string& name) { places.erase(name); }
  ConnectionTable::Place& operator[](const std::string& name) { return *places.at(name); }

  std::vector<std::string> evicted;
  ConnectionTable table;
  std::unordered_map<std::string, std::unique_ptr<ConnectionTable::Place>> places;
};

ConnectionTable::Limits Limits(std::size_t connections, std::size_t reserved,
                               std::size_t per_source) {
  ConnectionTable::Limits limits;
  limits.connections = connections;
  limits.reserved_for_verified = reserved;
  limits.unverified_per_source = per_source;
  return limits;
}

using Names = std::vector<std::string>;

TEST_CASE("ConnectionTable: when it is full, the longest idle connection is evicted", "[http]") {
  Connections connections(Limits(3, 0, 100));
  CHECK(connections.Admit("a", "1"));
  CHECK(connections.Admit("b", "2"));
  CHECK(connections.Admit("c", "3"));
  CHECK(connections.evicted.empty());
  CHECK(connections["a"].BeginRequest());  // no longer the longest idle
  connections["a"].EndRequest();
  CHECK(connections.Admit("d", "4"));
  CHECK(connections.Admit("e", "5"));
  CHECK(connections.evicted == Names{"b", "c"});
  CHECK(connections.table.size() == 3);
}

TEST_CASE("ConnectionTable: a connection that handles a request is never evicted", "[http]") {
  Connections connections(Limits(2, 0, 100));
  CHECK(connections.Admit("a", "1"));
  CHECK(connections.Admit("b", "1"));
  CHECK(connections["a"].BeginRequest());
  CHECK(connections["b"].BeginRequest());
  CHECK_FALSE(connections.Admit("c", "1"));
  CHECK_FALSE(connections.table.EvictOldest());
  connections["b"].EndRequest();
  CHECK(connections.Admit("c", "1"));
  CHECK(connections.evicted == Names{"b"});
}

TEST_CASE("ConnectionTable: an evicted connection starts no request", "[http]") {
  Connections connections(Limits(1, 0, 100));
  CHECK(connections.Admit("a", "1"));
  CHECK(connections.Admit("b", "1"));
  CHECK_FALSE(connections["a"].BeginRequest());
  connections["a"].EndRequest();  // changes nothing
  connections["a"].SetVerified();
  CHECK(connections.table.size() == 1);
  connections.Leave("a");
  CHECK(connections.table.size() == 1);
  CHECK(connections["b"].BeginRequest());
}

TEST_CASE("ConnectionTable: a source beyond its limit loses its own connections only", "[http]") {
  Connections connections(Limits(100, 0, 2));
  CHECK(connections.Admit("other", "2"));
  CHECK(connections.Admit("a", "1"));
  CHECK(connections.Admit("b", "1"));
  CHECK(connections.Admit("c", "1"));
  CHECK(connections.evicted == Names{"a"});
  CHECK(connections["b"].BeginRequest());
  CHECK(connections["c"].BeginRequest());
  CHECK_FALSE(connections.Admit("d", "1"));
  CHECK(connections.Admit("e", "3"));
  connections.Leave("b");
  CHECK(connections.Admit("d", "1"));
}

TEST_CASE("ConnectionTable: verified connections do not count for their source", "[http]") {
  Connections connections(Limits(100, 0, 1));
  for (const char* name : {"a", "b", "c"}) {
    CHECK(connections.Admit(name, "1"));
    CHECK(connections[name].BeginRequest());
    connections[name].SetVerified();
  }
  CHECK(connections.evicted.empty());
  CHECK(connections.table.size() == 3);
}

TEST_CASE("ConnectionTable: unverified connections never use the reserve", "[http]") {
  Connections connections(Limits(4, 2, 100));
  CHECK(connections.Admit("a", "1"));
  CHECK(connections.Admit("b", "2"));
  CHECK(connections.Admit("c", "3"));
  CHECK(connections.evicted == Names{"a"});
  CHECK(connections.table.size() == 2);
  SECTION("also when all are busy") {
    CHECK(connections["b"].BeginRequest());
    CHECK(connections["c"].BeginRequest());
    CHECK_FALSE(connections.Admit("d", "4"));
    connections["b"].SetVerified();  // which makes room for another
    CHECK(connections.Admit("d", "4"));
  }
}

TEST_CASE("ConnectionTable: verified idle connections are evicted last", "[http]") {
  Connections connections(Limits(3, 1, 100));
  for (const char* name : {"v", "w"}) {
    CHECK(connections.Admit(name, "1"));
    CHECK(connections[name].BeginRequest());
    connections[name].SetVerified();
    connections[name].EndRequest();
  }
  CHECK(connections.Admit("a", "2"));
  CHECK(connections.Admit("b", "2"));
  CHECK(connections.evicted == Names{"a"});
  CHECK(connections["b"].BeginRequest());
  CHECK(connections.Admit("c", "2"));
  CHECK(connections.evicted == Names{"a", "v"});
}

TEST_CASE("ConnectionTable: EvictOldest prefers unverified connections", "[http]") {
  Connections connections(Limits(10, 0, 10));
  CHECK(connections.Admit("v", "1"));
  connections["v"].SetVerified();  // while idle
  CHECK(connections.Admit("a", "1"));
  CHECK(connections.table.EvictOldest());
  CHECK(connections.table.EvictOldest());
  CHECK_FALSE(connections.table.EvictOldest());
  CHECK(connections.evicted == Names{"a", "v"});
  CHECK(connections.table.size() == 0);
}

TEST_CASE("ConnectionTable: limits hold for random operations", "[http]") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Connections connections(Limits(20, 5, 6));
  int admitted = 0;
  const auto pick = [&]() -> ConnectionTable::Place* {
    if (connections.places.empty()) return nullptr;
    return std::next(connections.places.begin(), random() % connections.places.size())
        ->second.get();
  };
  for (int step = 0; step < 20'000; ++step) {
    ConnectionTable::Place* const place = pick();
    switch (random() % 5) {
      case 0:
      case 1:
        admitted += connections.Admit(std::to_string(step), std::to_string(random() % 5)) ? 1 : 0;
        break;
      case 2:
        if (place != nullptr) (void)place->BeginRequest();
        break;
      case 3:
        if (place != nullptr) random() % 4 == 0 ? place->SetVerified() : place->EndRequest();
        break;
      default:
        if (place != nullptr) {
          connections.places.erase(
              std::find_if(connections.places.begin(), connections.places.end(),
                           [place](const auto& known) { return known.second.get() == place; }));
        }
    }
    REQUIRE(connections.table.size() <= 20);
  }
  CHECK(admitted > 100);
  connections.places.clear();
  CHECK(connections.table.size() == 0);
}

}  // namespace
}  // namespace countersign::http::limits
