#include "services/edge/call/reflection/schema_cache.h"

#include <catch2/catch.hpp>

#include "libs/testing/fake_clock.h"

namespace countersign::edge::call::reflection {
namespace {

SchemaPointer SchemaWith(const std::string& path) {
  return protobuf_texts::Schema::Make({{"M", {}}}, {{path, "M", "M"}}).value();
}

domain::Connection MakeConnection(std::uint64_t version = 1) {
  domain::Connection connection;
  connection.name = "c";
  connection.version = version;
  return connection;
}

TEST_CASE("SchemaCache: an upstream is asked once for what it has", "[reflection]") {
  testing::FakeClock clock;
  SchemaCache cache(clock);
  const domain::Connection connection = MakeConnection();
  CHECK(*cache.Begin(connection, "/s/Do"));
  CHECK(cache.Find(connection) == nullptr);
  cache.End(connection, SchemaWith("/s/Do"));
  CHECK_FALSE(*cache.Begin(connection, "/s/Do"));
  CHECK(cache.Find(connection)->FindMethod("/s/Do") != nullptr);
  CHECK(cache.Find(MakeConnection(2)) == nullptr);
  CHECK(*cache.Begin(MakeConnection(2), "/s/Do"));
}

TEST_CASE("SchemaCache: it is asked again for an unknown method, but not at once", "[reflection]") {
  testing::FakeClock clock;
  SchemaCache cache(clock);
  const domain::Connection connection = MakeConnection();
  REQUIRE(*cache.Begin(connection, "/s/Do"));
  cache.End(connection, SchemaWith("/s/Do"));
  CHECK_FALSE(*cache.Begin(connection, "/s/New"));
  clock.Advance(SchemaCache::kAskAgainAfter);
  CHECK(*cache.Begin(connection, "/s/New"));
  cache.End(connection, absl::UnavailableError("gone"));
  CHECK(cache.Find(connection)->FindMethod("/s/Do") != nullptr);
}

TEST_CASE("SchemaCache: a failure is kept for a while, and says why", "[reflection]") {
  testing::FakeClock clock;
  SchemaCache cache(clock);
  const domain::Connection connection = MakeConnection();
  REQUIRE(*cache.Begin(connection, "/s/Do"));
  cache.End(connection, absl::InvalidArgumentError("no reflection"));
  const absl::Status failure = cache.Begin(connection, "/s/Do").status();
  CHECK(absl::IsUnavailable(failure));
  CHECK(failure.message() == "no reflection");
  clock.Advance(SchemaCache::kAskAgainAfter);
  CHECK(*cache.Begin(connection, "/s/Do"));
}

TEST_CASE("SchemaCache: few calls ask at once, and one that leaves makes room", "[reflection]") {
  testing::FakeClock clock;
  SchemaCache cache(clock);
  const domain::Connection connection = MakeConnection();
  for (int i = 0; i < SchemaCache::kMostAsking; ++i) CHECK(*cache.Begin(connection, "/s/Do"));
  CHECK(absl::IsUnavailable(cache.Begin(connection, "/s/Do").status()));
  cache.Abandon(connection);
  CHECK(*cache.Begin(connection, "/s/Do"));
}

}  // namespace
}  // namespace countersign::edge::call::reflection
