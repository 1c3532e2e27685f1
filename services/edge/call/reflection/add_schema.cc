#include "services/edge/call/reflection/add_schema.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/pending_reply.h"
#include "libs/async/sleep.h"
#include "libs/base/status.h"
#include "libs/dialects/rpc/answer_end.h"
#include "libs/grpc_wire/frames.h"
#include "libs/log/log.h"
#include "libs/protobuf_texts/reflected_files.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/reflection/schema_cache.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge::call::reflection {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr std::size_t kMostAnswerBytes = 8u << 20;
constexpr absl::string_view kVersions[] = {"v1", "v1alpha"};
constexpr int kUnimplemented = 12;

// One attempt to read an upstream's reflection.
class Asking {
 public:
  Asking(const CallContext& context, const domain::Call& call, const domain::Connection& connection)
      : context_(context),
        call_(call),
        connection_(connection),
        left_(context.cancellation,
              [this] { cancellation_.Cancel(context_.cancellation.cause()); }),
        timer_(context.executor, kTimeout, cancellation_,
               absl::DeadlineExceededError("its reflection did not answer within 10 s")) {}

  async::Awaitable<absl::StatusOr<SchemaPointer>> Run() {
    const absl::Status leased = co_await Lease();
    if (!leased.ok()) co_return leased;
    for (const absl::string_view version : kVersions) {
      absl::StatusOr<SchemaPointer> schema = co_await ReadVersion(version);
      if (!absl::IsUnimplemented(schema.status())) co_return schema;
    }
    co_return absl::UnavailableError(
        "it does not serve reflection: give the Connection `descriptors`");
  }

 private:
  async::Awaitable<absl::Status> Lease() {
    if (connection_.credential.empty()) co_return absl::OkStatus();
    async::PendingReply<absl::StatusOr<domain::CredentialLease>> leased(context_.executor);
    const CallServices& services = context_.services;
    services.ports.authenticator.LeaseCredential(call_, connection_.name, connection_.version,
                                                 services.PortDeadline(), leased.done());
    absl::StatusOr<domain::CredentialLease> lease = co_await leased.Get(cancellation_);
    if (!lease.ok()) co_return lease.status();
    lease_ = *std::move(lease);
    co_return absl::OkStatus();
  }

  async::Awaitable<absl::StatusOr<SchemaPointer>> ReadVersion(absl::string_view version) {
    protobuf_texts::ReflectedFiles files;
    const std::string path =
        absl::StrCat("/grpc.reflection.", version, ".ServerReflection/ServerReflectionInfo");
    while (true) {
      const absl::StatusOr<std::vector<std::string>> requests = files.Ask();
      if (!requests.ok()) co_return requests.status();
      if (requests->empty()) break;
      Question question{connection_, lease_, path, ""};
      for (const std::string& request : *requests) {
        question.frames += grpc_wire::EncodeFrame(0, request);
      }
      const absl::Status answered = co_await AskOnce(question, files);
      if (!answered.ok()) co_return answered;
    }
    auto schema = files.Finish();
    if (!schema.ok()) co_return schema.status();
    co_return SchemaPointer(*std::move(schema));
  }

  async::Awaitable<absl::Status> AskOnce(const Question& question,
                                         protobuf_texts::ReflectedFiles& files) {
    auto response = co_await context_.upstream.Ask(question, cancellation_);
    if (!response.ok()) co_return response.status();
    const dialects::HeaderList& headers = (*response)->headers();
    dialects::rpc::AnswerEnd end({(*response)->status(),
                                  std::string(headers::FindHeader(headers, "content-type")),
                                  &headers});
    grpc_wire::FrameReader frames(kMostAnswerBytes);
    for (std::size_t size = 0;;) {
      const absl::StatusOr<std::string> piece = co_await (*response)->ReadPiece(cancellation_);
      if (!piece.ok()) co_return piece.status();
      if (piece->empty()) break;
      size += piece->size();
      if (size > kMostAnswerBytes) co_return absl::UnavailableError("its answer is too large");
      frames.Feed(*piece);
      const absl::Status taken = TakeAll(frames, files);
      if (!taken.ok()) co_return taken;
    }
    end.AddTrailers((*response)->trailers());
    const absl::Status read = end.Read();
    if (!read.ok()) co_return read;
    if (end.code() == kUnimplemented) co_return absl::UnimplementedError("no such service");
    if (end.failed()) {
      co_return absl::UnavailableError(absl::StrCat("grpc-status ", end.code()));
    }
    context_.upstream.Recycle(*std::move(response));
    co_return absl::OkStatus();
  }

  static absl::Status TakeAll(grpc_wire::FrameReader& frames,
                              protobuf_texts::ReflectedFiles& files) {
    while (true) {
      CS_ASSIGN_OR_RETURN(const std::optional<std::string> message,
                          dialects::rpc::NextMessage(frames));
      if (!message) return absl::OkStatus();
      CS_RETURN_IF_ERROR(files.Take(*message));
    }
  }

  const CallContext& context_;
  const domain::Call& call_;
  const domain::Connection& connection_;
  async::Cancellation cancellation_;
  const async::Cancellation::Watch left_;
  const async::Deadline timer_;
  domain::CredentialLease lease_;
};

// Why is for the operator: it may name addresses.
Refusal RefuseUnknown(const CallContext& context, const domain::Connection& connection,
                      const absl::Status& why) {
  if (const auto lines = context.services.failures.Pass()) {
    log::Info("reflection failed",
              {{"connection", connection.name}, {"error", why}, {"count", *lines}});
  }
  Refusal refusal =
      RefuseForPart(absl::UnavailableError(why.message()), "reflection of the upstream");
  refusal.error.message =
      absl::StrCat("the services of connection \"", connection.name,
                   "\" are not known: the reflection of its upstream could not be read");
  return refusal;
}

}  // namespace

async::Awaitable<Step<request::Route>> AddSchema(const CallContext& context,
                                                 const request::VerifiedCaller& caller,
                                                 request::Route route) {
  const domain::Connection& connection = *route.connection;
  SchemaCache* const cache = context.services.schemas;
  if (connection.protocol != domain::Protocol::kGrpc || connection.schema != nullptr ||
      cache == nullptr || !context.request.rpc) {
    co_return route;
  }
  if (!domain::HasRole(caller.principal(), domain::Role::kCaller, connection.name)) {
    co_return request::RefuseWithoutRole(caller, connection);
  }
  const absl::StatusOr<bool> ask = cache->Begin(connection, route.path);
  if (!ask.ok()) co_return RefuseUnknown(context, connection, ask.status());
  if (*ask) {
    Asking asking(context, caller.call(), connection);
    absl::StatusOr<SchemaPointer> schema = co_await asking.Run();
    if (context.cancellation.cancelled()) {
      cache->Abandon(connection);
      co_return RefuseCancelled(context.cancellation.cause());
    }
    const absl::Status status = schema.status();
    cache->End(connection, std::move(schema));
    if (!status.ok() && cache->Find(connection) == nullptr) {
      co_return RefuseUnknown(context, connection, status);
    }
  }
  route.SetSchema(cache->Find(connection));
  co_return route;
}

}  // namespace countersign::edge::call::reflection
