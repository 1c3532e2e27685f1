#include "libs/server/health_service.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/rpc/handler.h"

namespace countersign::server {

namespace v1 = ::grpc::health::v1;
using Response = v1::HealthCheckResponse;

Response HealthService::Look() const {
  Response response;
  response.set_status(not_ready_().empty() ? Response::SERVING : Response::NOT_SERVING);
  return response;
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const v1::HealthCheckRequest* request,
                                               Response* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    if (!request->service().empty()) {
      return absl::NotFoundError(absl::StrCat(
          "the process is healthy as a whole: name no service, not ", request->service()));
    }
    *response = Look();
    return absl::OkStatus();
  });
}

grpc::ServerWriteReactor<Response>* HealthService::Watch(grpc::CallbackServerContext* context,
                                                         const v1::HealthCheckRequest* request) {
  using Page = rpc::StreamPage<Response>;
  const bool known = request->service().empty();
  return rpc::StreamPages<Response>(
      {pool_, watches_, interval_}, context,
      [this, known, told = std::optional<int>()]() mutable -> absl::StatusOr<Page> {
        Response now;
        now.set_status(Response::SERVICE_UNKNOWN);
        if (known) now = Look();
        if (told == now.status()) return Page{};
        told = now.status();
        return Page{{now}, false, false};
      });
}

}  // namespace countersign::server
