#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

// Metrics in Prometheus' terms. A service declares its families once (`<svc>_metrics.{h,cc}`) and
// keeps the handles. Label values come from configuration or code, never from callers, because each
// new combination is a new time series; no label may contain a prompt, a subject or a secret.
namespace countersign::metrics {

// Handles: one pointer, cheap to copy, thread-safe, valid while the Registry exists. A
// default-constructed handle does nothing.
class Counter {
 public:
  Counter() = default;
  void Increment(double by = 1) const;

 private:
  friend class CounterFamily;
  explicit Counter(prometheus::Counter* metric) : metric_(metric) {}
  prometheus::Counter* metric_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  void Set(double value) const;
  void Add(double by) const;

 private:
  friend class GaugeFamily;
  explicit Gauge(prometheus::Gauge* metric) : metric_(metric) {}
  prometheus::Gauge* metric_ = nullptr;
};

class Histogram {
 public:
  Histogram() = default;
  void Observe(double value) const;

 private:
  friend class HistogramFamily;
  explicit Histogram(prometheus::Histogram* metric) : metric_(metric) {}
  prometheus::Histogram* metric_ = nullptr;
};

using LabelValues = std::initializer_list<absl::string_view>;

// Families: a name, a help text and label names. With(values) returns the handle of one
// combination; it locks and allocates, so keep handles that are used often. REQUIRES: one value per
// label name. Thread-safe, cheap to copy.
class CounterFamily {
 public:
  CounterFamily() = default;
  Counter With(LabelValues values) const;

 private:
  friend class Registry;
  struct State;
  std::shared_ptr<State> state_;
};

class GaugeFamily {
 public:
  GaugeFamily() = default;
  Gauge With(LabelValues values) const;

 private:
  friend class Registry;
  struct State;
  std::shared_ptr<State> state_;
};

class HistogramFamily {
 public:
  HistogramFamily() = default;
  Histogram With(LabelValues values) const;

 private:
  friend class Registry;
  struct State;
  std::shared_ptr<State> state_;
};

// Buckets for the latency of a step or call: seconds, from 100 µs to 10 s.
const std::vector<double>& LatencyBuckets();

// All metrics of a process. Thread-safe. Must outlive its handles and families.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Declaring a name again with the same labels returns the same family.
  CounterFamily Counters(const std::string& name, const std::string& help,
                         std::vector<std::string> labels = {});
  GaugeFamily Gauges(const std::string& name, const std::string& help,
                     std::vector<std::string> labels = {});
  HistogramFamily Histograms(const std::string& name, const std::string& help,
                             std::vector<std::string> labels = {},
                             std::vector<double> buckets = LatencyBuckets());

  // Runs `refresh` before every exposition, to set gauges that are computed on demand. It must
  // outlive the registry's last Expose.
  void BeforeExpose(std::function<void()> refresh);

  // The text format, version 0.0.4.
  std::string Expose();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::metrics
