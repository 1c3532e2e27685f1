#include "services/edge/call/request/credential_cache.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "libs/testing/fake_clock.h"

namespace countersign::edge::call::request {
namespace {

struct Fixture {
  testing::FakeClock clock;
  CredentialCache cache{CredentialCache::Options{3, absl::Seconds(60), true}, clock};

  void Put(const std::string& digest, absl::Duration life = absl::Hours(1)) {
    domain::Authenticated entry;
    entry.principal = std::make_shared<domain::Principal>();
    entry.cache_until = clock.Now() + life;
    cache.Insert(digest, entry, cache.Find(digest).generation);
  }
  bool Has(const std::string& digest) { return cache.Find(digest).entry.has_value(); }
};

TEST_CASE("CredentialCache: an entry lives until its expiry, and at most a minute", "[edge]") {
  Fixture f;
  f.Put("long");
  f.Put("short", absl::Seconds(5));
  CHECK(f.Has("long"));
  f.clock.Advance(absl::Seconds(5));
  CHECK(!f.Has("short"));
  CHECK(f.Has("long"));
  f.clock.Advance(absl::Seconds(55));
  CHECK(!f.Has("long"));
}

TEST_CASE("CredentialCache: the least recently used entry is evicted first", "[edge]") {
  Fixture f;
  for (const char* digest : {"a", "b", "c"}) f.Put(digest);
  CHECK(f.Has("a"));
  f.Put("d");
  CHECK(!f.Has("b"));
  CHECK(f.Has("a"));
  CHECK(f.cache.size() == 3);
}

TEST_CASE("CredentialCache: a revocation empties it, and earlier verifications are not stored",
          "[edge]") {
  Fixture f;
  f.Put("a");
  const auto before = f.cache.Find("b");
  f.cache.Flush();
  CHECK(!f.Has("a"));
  domain::Authenticated entry;
  entry.cache_until = f.clock.Now() + absl::Seconds(30);
  f.cache.Insert("b", entry, before.generation);
  CHECK(!f.Has("b"));
  f.Put("b");
  CHECK(f.Has("b"));
}

TEST_CASE("CredentialCache: a watcher is called at every flush, until it is destroyed", "[edge]") {
  Fixture f;
  int heard = 0;
  const std::uint64_t before = f.cache.generation();
  {
    const CredentialCache::FlushWatch watch(f.cache, [&] { ++heard; });
    const CredentialCache::FlushWatch other(f.cache, [] {});
    f.Put("a");
    CHECK(heard == 0);
    f.cache.Flush();
    CHECK(heard == 1);
    f.cache.SetLive(false);
    CHECK_FALSE(f.cache.live());
    f.cache.SetLive(true);
    CHECK(f.cache.live());
    CHECK(heard == 3);
  }
  f.cache.Flush();
  CHECK(heard == 3);
  CHECK(f.cache.generation() == before + 4);
}

TEST_CASE("CredentialCache: without the stream of revocations nothing is remembered", "[edge]") {
  Fixture f;
  f.Put("a");
  f.cache.SetLive(false);
  CHECK(!f.Has("a"));
  f.Put("a");
  CHECK(!f.Has("a"));
  f.cache.SetLive(true);
  f.Put("a");
  CHECK(f.Has("a"));
}

TEST_CASE("CredentialCache: an entry that must not be cached is not", "[edge]") {
  Fixture f;
  f.Put("a", absl::ZeroDuration());
  CHECK(f.cache.size() == 0);
}

}  // namespace
}  // namespace countersign::edge::call::request
