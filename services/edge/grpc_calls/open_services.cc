#include "services/edge/grpc_calls/open_services.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/base/status.h"

namespace countersign::edge::grpc_calls {
namespace {

constexpr absl::Duration kWatchEvery = absl::Seconds(1);
constexpr absl::string_view kReflection[] = {
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
};

bool IsKnown(const RpcServices& rpc, const std::string& service) {
  if (service.empty()) return true;
  if (rpc.backend == nullptr) return false;
  const std::vector<std::string>& services = rpc.backend->services();
  return std::find(services.begin(), services.end(), service) != services.end();
}

ServingStatus GetStatus(const RpcServices& rpc) {
  return rpc.health.Serving() ? ServingStatus::kServing : ServingStatus::kNotServing;
}

absl::Status TooMany(absl::string_view streams) {
  return WithReason(absl::ResourceExhaustedError(absl::StrCat("too many ", streams)), "overloaded");
}

async::Awaitable<absl::Status> Watch(const call::CallContext& context, const RpcServices& rpc,
                                     const std::string& service, RpcReply& reply) {
  const Places::Place place = rpc.open_streams.watches.Take();
  if (place == nullptr) co_return TooMany("watches of health");
  const async::StopSignal::Watch stop(context.services.stopping, context.executor, [&context] {
    context.cancellation.Cancel(absl::UnavailableError("the gateway is stopping"));
  });
  std::optional<ServingStatus> told;
  while (!context.cancellation.cancelled()) {
    const ServingStatus now =
        IsKnown(rpc, service) ? GetStatus(rpc) : ServingStatus::kServiceUnknown;
    if (told != now) {
      const absl::Status sent = co_await reply.Send(MakeHealthResponse(now));
      if (!sent.ok()) co_return sent;
      told = now;
    }
    co_await async::Sleep(context.executor, kWatchEvery, context.cancellation);
  }
  co_return context.cancellation.cause();
}

async::Awaitable<absl::Status> ServeHealth(const call::CallContext& context, const RpcServices& rpc,
                                           MessageSource& source, RpcReply& reply) {
  const absl::StatusOr<std::string> message = co_await source.ReadOnly();
  if (!message.ok()) co_return message.status();
  const absl::StatusOr<std::string> service = ReadHealthRequest(*message);
  if (!service.ok()) co_return service.status();
  const absl::string_view method =
      absl::string_view(context.request.path).substr(kHealthPrefix.size());
  if (method == "Watch") co_return co_await Watch(context, rpc, *service, reply);
  if (method != "Check") {
    co_return WithReason(
        absl::UnimplementedError(absl::StrCat("there is no method ", context.request.path)),
        "not_found");
  }
  if (!IsKnown(rpc, *service)) {
    co_return absl::NotFoundError(absl::StrCat("there is no service ", *service));
  }
  co_return co_await reply.Send(MakeHealthResponse(GetStatus(rpc)));
}

async::Awaitable<absl::Status> ServeReflection(const call::CallContext& context,
                                               const RpcServices& rpc, MessageSource& source,
                                               RpcReply& reply) {
  if (rpc.backend == nullptr) co_return absl::UnimplementedError("there are no services");
  const Places::Place place = rpc.open_streams.reflections.Take();
  if (place == nullptr) co_return TooMany("reflection streams");
  const async::Deadline deadline(context.executor, rpc.options.reflection_timeout,
                                 context.cancellation,
                                 absl::DeadlineExceededError("a reflection stream ends here"));
  while (!context.cancellation.cancelled()) {
    const absl::StatusOr<std::optional<std::string>> request = co_await source.Next();
    if (!request.ok()) co_return request.status();
    if (!request->has_value()) co_return absl::OkStatus();
    absl::StatusOr<std::string> answer = rpc.backend->Reflect(**request);
    if (!answer.ok()) co_return answer.status();
    const absl::Status sent = co_await reply.Send(*std::move(answer));
    if (!sent.ok()) co_return sent;
  }
  co_return context.cancellation.cause();
}

}  // namespace

bool IsOpenService(absl::string_view path) {
  return absl::StartsWith(path, kHealthPrefix) ||
         std::find(std::begin(kReflection), std::end(kReflection), path) != std::end(kReflection);
}

async::Awaitable<absl::Status> ServeOpenService(const call::CallContext& context,
                                                const RpcServices& rpc, MessageSource& source,
                                                RpcReply& reply) {
  if (absl::StartsWith(context.request.path, kHealthPrefix)) {
    return ServeHealth(context, rpc, source, reply);
  }
  return ServeReflection(context, rpc, source, reply);
}

}  // namespace countersign::edge::grpc_calls
