#include "libs/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <map>
#include <utility>

#include "libs/base/mutex.h"

namespace countersign::metrics {
namespace {

using Names = std::vector<std::string>;

std::map<std::string, std::string> Labels(const Names& names, LabelValues values) {
  assert(names.size() == values.size());
  std::map<std::string, std::string> labels;
  auto value = values.begin();
  for (const std::string& name : names) {
    if (value == values.end()) break;
    labels.emplace(name, std::string(*value++));
  }
  return labels;
}

}  // namespace

void Counter::Increment(double by) const {
  if (metric_ != nullptr) metric_->Increment(by);
}
void Gauge::Set(double value) const {
  if (metric_ != nullptr) metric_->Set(value);
}
void Gauge::Add(double by) const {
  if (metric_ != nullptr) metric_->Increment(by);
}
void Histogram::Observe(double value) const {
  if (metric_ != nullptr) metric_->Observe(value);
}

struct CounterFamily::State {
  Names names;
  prometheus::Family<prometheus::Counter>* family;
};
struct GaugeFamily::State {
  Names names;
  prometheus::Family<prometheus::Gauge>* family;
};
struct HistogramFamily::State {
  Names names;
  prometheus::Histogram::BucketBoundaries buckets;
  prometheus::Family<prometheus::Histogram>* family;
};

Counter CounterFamily::With(LabelValues values) const {
  if (state_ == nullptr) return Counter();
  return Counter(&state_->family->Add(Labels(state_->names, values)));
}
Gauge GaugeFamily::With(LabelValues values) const {
  if (state_ == nullptr) return Gauge();
  return Gauge(&state_->family->Add(Labels(state_->names, values)));
}
Histogram HistogramFamily::With(LabelValues values) const {
  if (state_ == nullptr) return Histogram();
  return Histogram(&state_->family->Add(Labels(state_->names, values), state_->buckets));
}

const std::vector<double>& LatencyBuckets() {
  static const auto* buckets =
      new std::vector<double>{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                              0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return *buckets;
}

struct Registry::State {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Mutex mutex;
  std::vector<std::function<void()>> refreshers CS_GUARDED_BY(mutex);
};

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

CounterFamily Registry::Counters(const std::string& name, const std::string& help, Names labels) {
  CounterFamily family;
  auto& made = prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
  family.state_ =
      std::make_shared<CounterFamily::State>(CounterFamily::State{std::move(labels), &made});
  return family;
}

GaugeFamily Registry::Gauges(const std::string& name, const std::string& help, Names labels) {
  GaugeFamily family;
  auto& made = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
  family.state_ =
      std::make_shared<GaugeFamily::State>(GaugeFamily::State{std::move(labels), &made});
  return family;
}

HistogramFamily Registry::Histograms(const std::string& name, const std::string& help, Names labels,
                                     std::vector<double> buckets) {
  HistogramFamily family;
  auto& made = prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry);
  family.state_ = std::make_shared<HistogramFamily::State>(
      HistogramFamily::State{std::move(labels), std::move(buckets), &made});
  return family;
}

void Registry::BeforeExpose(std::function<void()> refresh) {
  const MutexLock lock(state_->mutex);
  state_->refreshers.push_back(std::move(refresh));
}

std::string Registry::Expose() {
  std::vector<std::function<void()>> refreshers;
  {
    const MutexLock lock(state_->mutex);
    refreshers = state_->refreshers;
  }
  for (const auto& refresh : refreshers) refresh();
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace countersign::metrics
