#include "libs/rpc/server_metrics.h"

#include <array>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/strip.h"
#include "libs/base/mutex.h"

namespace countersign::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

constexpr const char* kCodeNames[] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};
constexpr int kCodes = static_cast<int>(std::size(kCodeNames));

const char* TypeName(ServerRpcInfo::Type type) {
  switch (type) {
    case ServerRpcInfo::Type::UNARY: return "unary";
    case ServerRpcInfo::Type::CLIENT_STREAMING: return "client_stream";
    case ServerRpcInfo::Type::SERVER_STREAMING: return "server_stream";
    case ServerRpcInfo::Type::BIDI_STREAMING: return "bidi_stream";
  }
  return "unary";
}

// The time series of one method. Counters are created when a code is first seen.
class MethodMetrics {
 public:
  MethodMetrics(metrics::CounterFamily handled, const metrics::HistogramFamily& seconds,
                absl::string_view path, const char* type)
      : handled_(std::move(handled)), type_(type) {
    absl::ConsumePrefix(&path, "/");
    const std::size_t slash = path.find('/');
    service_ = std::string(path.substr(0, slash));
    if (slash != absl::string_view::npos) method_ = std::string(path.substr(slash + 1));
    seconds_ = seconds.With({type_, service_, method_});
  }

  void Record(int code, absl::Duration elapsed) {
    if (code < 0 || code >= kCodes) code = static_cast<int>(grpc::StatusCode::UNKNOWN);
    seconds_.Observe(absl::ToDoubleSeconds(elapsed));
    const MutexLock lock(mutex_);
    if (!seen_[code]) {
      by_code_[code] = handled_.With({type_, service_, method_, kCodeNames[code]});
      seen_[code] = true;
    }
    by_code_[code].Increment();
  }

 private:
  const metrics::CounterFamily handled_;
  const char* const type_;
  std::string service_;
  std::string method_;
  metrics::Histogram seconds_;
  Mutex mutex_;
  std::array<bool, kCodes> seen_ CS_GUARDED_BY(mutex_){};
  std::array<metrics::Counter, kCodes> by_code_ CS_GUARDED_BY(mutex_);
};

class Measure final : public grpc::experimental::Interceptor {
 public:
  Measure(MethodMetrics& metrics, const Clock& clock)
      : metrics_(metrics), clock_(clock), start_(clock.Now()) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      metrics_.Record(methods->GetSendStatus().error_code(), clock_.Now() - start_);
    }
    methods->Proceed();
  }

 private:
  MethodMetrics& metrics_;
  const Clock& clock_;
  const absl::Time start_;
};

class MeasureFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  MeasureFactory(metrics::Registry& registry, const Clock& clock)
      : clock_(clock),
        handled_(registry.Counters("grpc_server_handled_total", "Calls answered, by code.",
                                   {"grpc_type", "grpc_service", "grpc_method", "grpc_code"})),
        seconds_(registry.Histograms("grpc_server_handling_seconds",
                                     "From a call's arrival to its status.",
                                     {"grpc_type", "grpc_service", "grpc_method"})) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Measure(MetricsFor(info), clock_);  // gRPC takes ownership.
  }

 private:
  MethodMetrics& MetricsFor(ServerRpcInfo* info) {
    const MutexLock lock(mutex_);
    // Only existing methods get here, so callers cannot create time series.
    std::unique_ptr<MethodMetrics>& metrics = methods_[info->method()];
    if (metrics == nullptr) {
      metrics = std::make_unique<MethodMetrics>(handled_, seconds_, info->method(),
                                                TypeName(info->type()));
    }
    return *metrics;
  }

  const Clock& clock_;
  const metrics::CounterFamily handled_;
  const metrics::HistogramFamily seconds_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<MethodMetrics>> methods_ CS_GUARDED_BY(mutex_);
};

}  // namespace

ServerInterceptors MeasureCalls(metrics::Registry& registry, const Clock& clock) {
  ServerInterceptors interceptors;
  interceptors.push_back(std::make_unique<MeasureFactory>(registry, clock));
  return interceptors;
}

}  // namespace countersign::rpc
