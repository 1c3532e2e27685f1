#include "libs/metrics/metrics.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <utility>

namespace countersign::metrics {
namespace {

bool Has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("Registry: a counter shows its labels and its value", "[metrics]") {
  Registry registry;
  const CounterFamily requests = registry.Counters("requests_total", "Requests.", {"outcome"});
  requests.With({"completed"}).Increment();
  requests.With({"completed"}).Increment(2);
  requests.With({"blocked"}).Increment();
  const std::string text = registry.Expose();
  CHECK(Has(text, "requests_total{outcome=\"completed\"} 3"));
  CHECK(Has(text, "requests_total{outcome=\"blocked\"} 1"));
  CHECK(Has(text, "# TYPE requests_total counter"));
}

TEST_CASE("Registry: a family declared twice is one family", "[metrics]") {
  Registry registry;
  registry.Counters("x_total", "X.").With({}).Increment();
  registry.Counters("x_total", "X.").With({}).Increment();
  CHECK(Has(registry.Expose(), "x_total 2"));
}

TEST_CASE("Registry: a histogram counts into the bucket of the value", "[metrics]") {
  Registry registry;
  const auto seconds = registry.Histograms("t_seconds", "T.", {}, {0.1, 1.0}).With({});
  seconds.Observe(0.5);
  const std::string text = registry.Expose();
  CHECK(Has(text, "t_seconds_bucket{le=\"0.1\"} 0"));
  CHECK(Has(text, "t_seconds_bucket{le=\"1\"} 1"));
  CHECK(Has(text, "t_seconds_count 1"));
}

TEST_CASE("Registry: BeforeExpose sets gauges on demand", "[metrics]") {
  Registry registry;
  const Gauge open = registry.Gauges("open", "Open.").With({});
  double value = 4;
  registry.BeforeExpose([&] { open.Set(value); });
  CHECK(Has(registry.Expose(), "open 4"));
  value = 5;
  CHECK(Has(registry.Expose(), "open 5"));
}

TEST_CASE("Counter: increments from several threads are all counted", "[metrics]") {
  Registry registry;
  const CounterFamily family = registry.Counters("n_total", "N.", {"who"});
  std::thread a([&] {
    for (int i = 0; i < 1000; ++i) family.With({"a"}).Increment();
  });
  for (int i = 0; i < 1000; ++i) family.With({"a"}).Increment();
  a.join();
  CHECK(Has(registry.Expose(), "n_total{who=\"a\"} 2000"));
}

TEST_CASE("Registry: families with one name and different labels are separate", "[metrics]") {
  Registry registry;
  const CounterFamily calls = registry.Counters("calls_total", "Calls.", {"peer", "code"});
  calls.With({"edge", "OK"}).Increment();
  calls.With({"edge", "NOT_FOUND"}).Increment(4);
  const std::string text = registry.Expose();
  CHECK(Has(text, "calls_total{code=\"OK\",peer=\"edge\"} 1"));
  CHECK(Has(text, "calls_total{code=\"NOT_FOUND\",peer=\"edge\"} 4"));
}

TEST_CASE("Registry: a label's value is escaped", "[metrics]") {
  Registry registry;
  registry.Counters("x_total", "X.", {"name"}).With({"a\"b\\c\nd"}).Increment();
  CHECK(Has(registry.Expose(), R"(x_total{name="a\"b\\c\nd"} 1)"));
}

TEST_CASE("Gauge: Add increases and decreases it", "[metrics]") {
  Registry registry;
  const Gauge open = registry.Gauges("open", "Open.").With({});
  open.Set(3);
  open.Add(2);
  open.Add(-4);
  CHECK(Has(registry.Expose(), "open 1"));
}

TEST_CASE("Registry: all refreshers run before each exposition", "[metrics]") {
  Registry registry;
  int first = 0, second = 0;
  registry.BeforeExpose([&] { ++first; });
  registry.BeforeExpose([&] { ++second; });
  registry.Expose();
  registry.Expose();
  CHECK(first == 2);
  CHECK(second == 2);
}

TEST_CASE("Registry: a refresher may add another", "[metrics]") {
  Registry registry;
  int added = 0;
  bool once = true;
  registry.BeforeExpose([&] {
    if (std::exchange(once, false)) registry.BeforeExpose([&] { ++added; });
  });
  registry.Expose();
  CHECK(added == 0);
  registry.Expose();
  CHECK(added == 1);
}

TEST_CASE("LatencyBuckets: rise from 100 microseconds to 10 seconds", "[metrics]") {
  const std::vector<double>& buckets = LatencyBuckets();
  CHECK(std::is_sorted(buckets.begin(), buckets.end()));
  CHECK(buckets.front() == 0.0001);
  CHECK(buckets.back() == 10);
}

TEST_CASE("A default-constructed handle does nothing", "[metrics]") {
  Registry registry;
  registry.Counters("n_total", "N.").With({}).Increment();
  const std::string before = registry.Expose();
  CHECK_NOTHROW(Counter().Increment());
  CHECK_NOTHROW(Gauge().Set(1));
  CHECK_NOTHROW(Histogram().Observe(1));
  CHECK_NOTHROW(CounterFamily().With({"x"}).Increment());
  CHECK(registry.Expose() == before);
}

}  // namespace
}  // namespace countersign::metrics
