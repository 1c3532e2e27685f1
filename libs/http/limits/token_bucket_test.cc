#include "libs/http/limits/token_bucket.h"

#include <catch2/catch.hpp>

namespace countersign::http::limits {
namespace {

using std::chrono::milliseconds;

TEST_CASE("TokenBucket: a burst passes, then the rate", "[http]") {
  async::TimePoint now;
  TokenBucket bucket({3, 10}, now);
  for (int i = 0; i < 3; ++i) CHECK(bucket.Take(now));
  CHECK_FALSE(bucket.Take(now));
  now += milliseconds(99);
  CHECK_FALSE(bucket.Take(now));
  now += milliseconds(2);
  CHECK(bucket.Take(now));
  CHECK_FALSE(bucket.Take(now));
}

TEST_CASE("TokenBucket: neither time nor returned tokens exceed the burst", "[http]") {
  async::TimePoint now;
  TokenBucket bucket({2, 10}, now);
  bucket.Return(50);
  now += milliseconds(60'000);
  CHECK(bucket.Take(now));
  CHECK(bucket.Take(now));
  CHECK_FALSE(bucket.Take(now));
  bucket.Return(1);
  CHECK(bucket.Take(now));
  CHECK_FALSE(bucket.Take(now));
}

}  // namespace
}  // namespace countersign::http::limits
