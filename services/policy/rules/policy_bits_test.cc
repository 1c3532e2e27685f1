#include "services/policy/rules/policy_bits.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

namespace countersign::policy::rules {
namespace {

using Places = std::set<std::size_t>;

Places In(const PolicyBits& bits) {
  Places places;
  for (std::size_t at = bits.Next(0); at != PolicyBits::kEnd; at = bits.Next(at + 1)) {
    places.insert(at);
  }
  return places;
}

TEST_CASE("PolicyBits: All has every index and none beyond the last", "[policy]") {
  for (const std::size_t size : {0, 1, 63, 64, 65, 4095, 4096, 4097, 10'000}) {
    INFO("size " << size);
    const Places places = In(PolicyBits::All(size));
    CHECK(places.size() == size);
    if (size > 0) CHECK(*places.rbegin() == size - 1);
    CHECK(In(PolicyBits(size)).empty());
  }
}

TEST_CASE("PolicyBits: agrees with std::set, for sparse sets, dense ones and runs", "[policy]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = 1 + random() % (round % 2 == 0 ? 300 : 12'000);
    const auto draw = [&](PolicyBits& bits, Places& places) {
      const std::size_t first = random() % size;
      const std::size_t count = random() % (random() % 2 == 0 ? 10 : size);
      const std::size_t step = random() % 3 == 0 ? 1 : 1 + random() % 200;
      for (std::size_t i = 0, at = first; i < count; ++i, at = (at + step) % size) {
        bits.Set(at);
        places.insert(at);
      }
    };
    PolicyBits bits = random() % 8 == 0 ? PolicyBits::All(size) : PolicyBits(size);
    Places places = In(bits);
    draw(bits, places);
    for (int step = 0; step < 6; ++step) {
      PolicyBits other(size);
      Places others;
      draw(other, others);
      Places both;
      for (const std::size_t place : places) {
        if (others.count(place) != 0) both.insert(place);
      }
      REQUIRE(bits.Intersects(other) == !both.empty());
      switch (random() % 4) {
        case 0:
          bits.Union(other);
          places.insert(others.begin(), others.end());
          break;
        case 1:
          bits.Intersect(other);
          places = both;
          break;
        case 2:
          bits.Subtract(other);
          for (const std::size_t place : both) places.erase(place);
          break;
        default:
          for (const std::size_t place : others) bits.Clear(place);
          for (const std::size_t place : both) places.erase(place);
      }
      PolicyBits copy(size);
      copy = bits;
      REQUIRE(In(copy) == places);
      const std::size_t one = random() % size;
      REQUIRE(bits.Has(one) == (places.count(one) != 0));
    }
  }
}

}  // namespace
}  // namespace countersign::policy::rules
