#include "services/edge/call/request/read_request.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/dialects.h"
#include "services/edge/call/large_work.h"

namespace countersign::edge::call::request {
namespace {

// The error's code for a request that the dialect does not accept.
absl::string_view FindCode(const absl::Status& status) {
  if (absl::IsNotFound(status)) return "not_found";
  return absl::IsPermissionDenied(status) ? "permission_denied" : "invalid_request";
}

// A request, and the dialect that could read it.
struct Understood {
  dialects::ReadCall call;
  const dialects::Dialect* dialect = nullptr;
};

// Reads `request` by the connection's dialect or, if that does not know its path and the connection
// lists it, as one that is passed through.
absl::StatusOr<Understood> Understand(const dialects::Dialect& dialect,
                                      const dialects::IncomingRequest& request) {
  absl::StatusOr<dialects::ReadCall> call = dialect.Read(request);
  if (call.ok()) return Understood{*std::move(call), &dialect};
  if (!absl::IsNotFound(call.status()) || request.rpc) return call.status();
  const dialects::Dialect* const passes = dialects::FindPassThrough(request.connection->protocol);
  if (passes == nullptr) return call.status();
  absl::StatusOr<dialects::ReadCall> passed = passes->Read(request);
  if (passed.ok()) return Understood{*std::move(passed), passes};
  // Its refusal counts for paths that are listed.
  return absl::IsNotFound(passed.status()) ? call.status() : passed.status();
}

Refusal RefuseToRead(absl::string_view code, const absl::Status& status) {
  return RefuseBlocked(code, status.message());
}

}  // namespace

async::Awaitable<Step<ReadRequest>> ReadRequest::Read(const CallContext& context, Route route,
                                                      const dialects::Dialect& dialect) {
  absl::StatusOr<std::string> body = co_await context.caller_connection.ReadBody();
  if (!body.ok()) {
    if (context.cancellation.cancelled()) co_return RefuseCancelled(context.cancellation.cause());
    co_return RefuseToRead(
        absl::IsResourceExhausted(body.status()) ? "payload_too_large" : "invalid_request",
        body.status());
  }
  const std::size_t size = body->size();
  const auto incoming = std::make_shared<const dialects::IncomingRequest>(dialects::IncomingRequest{
      context.request.method, route.path, context.request.query, context.request.headers,
      *std::move(body), !route.connection->usage_as_is, context.request.rpc, route.connection});
  // It may outlive the call: the resources keep the connection alive.
  const auto work = [incoming, resources = route.resources,
                     &dialect]() -> absl::StatusOr<Understood> {
    return Understand(dialect, *incoming);
  };
  absl::StatusOr<Understood> read = co_await RunLargeWork(context, size, work);
  if (context.cancellation.cancelled()) co_return RefuseCancelled(context.cancellation.cause());
  if (absl::IsResourceExhausted(read.status())) {
    co_return RefuseForPart(read.status(), "reader of large bodies");
  }
  if (!read.ok()) co_return RefuseToRead(FindCode(read.status()), read.status());
  if (read->call.prompt != nullptr && absl::StrContains(read->call.prompt->model, '\0')) {
    Refusal refusal = RefuseBlocked("invalid_request", "the model's name holds a NUL character");
    refusal.error.param = "model";
    co_return refusal;
  }
  co_return ReadRequest(std::move(route), context.request.query, *read->dialect,
                        std::move(read->call));
}

async::Awaitable<absl::StatusOr<std::shared_ptr<const domain::Prompt>>> ReadRequest::ReadAgain(
    const CallContext& context, const std::string& body,
    const dialects::HeaderList& headers) const {
  using Result = absl::StatusOr<std::shared_ptr<const domain::Prompt>>;
  const auto incoming = std::make_shared<const dialects::IncomingRequest>(dialects::IncomingRequest{
      call_->method, route_.path, query_, headers, body, true, call_->rpc, route_.connection});
  const auto work = [incoming, resources = route_.resources, dialect = dialect_]() -> Result {
    const absl::StatusOr<dialects::ReadCall> read = dialect->Read(*incoming);
    if (read.ok()) return read->prompt;
    return absl::InternalError(
        absl::StrCat("the prepared request cannot be read: ", read.status().message()));
  };
  Result result = co_await RunLargeWork(context, body.size(), work);
  co_return result;
}

std::optional<Refusal> CheckCaller(const VerifiedCaller& caller, const ReadRequest& read) {
  const domain::Connection& connection = read.connection();
  if (!domain::HasRole(caller.principal(), domain::Role::kCaller, connection.name)) {
    return RefuseWithoutRole(caller, connection);
  }
  const std::string& model = read.prompt()->model;
  if (!model.empty() && !domain::ServesModel(connection, model)) {
    Refusal refusal = RefuseBlocked(
        "model_not_found",
        absl::StrCat("connection \"", connection.name, "\" has no model \"", model, "\""));
    refusal.error.param = "model";
    return refusal;
  }
  return std::nullopt;
}

}  // namespace countersign::edge::call::request
