#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <vector>

#include "libs/base/clock.h"
#include "libs/metrics/metrics.h"

namespace countersign::rpc {

using ServerInterceptors =
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>;

// Interceptors that measure every call of a service, with the metrics of go-grpc-prometheus:
// grpc_server_handled_total{grpc_type, grpc_service, grpc_method, grpc_code} and
// grpc_server_handling_seconds{grpc_type, grpc_service, grpc_method}. Both arguments must outlive
// the server.
ServerInterceptors MeasureCalls(metrics::Registry& registry, const Clock& clock);

}  // namespace countersign::rpc
