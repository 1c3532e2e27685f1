#include "services/edge/inference/typed_caller.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/request/router.h"
#include "services/edge/grpc_calls/call_status.h"

namespace countersign::edge::inference {
namespace {

constexpr absl::string_view kConnection = "countersign-connection";
constexpr absl::string_view kVersion = "2023-06-01";  // of Anthropic's API
// Fields of the RPC that the pipeline reads. All others are about gRPC.
constexpr absl::string_view kFields[] = {"host",       "authorization", "x-api-key",
                                         "user-agent", "traceparent",   "prefer"};

std::string MakePath(const dialects::HeaderList& headers, Api api) {
  const absl::string_view path = api == Api::kMessages ? "/v1/messages" : "/v1/chat/completions";
  const absl::string_view connection = call::headers::FindHeader(headers, kConnection);
  return connection.empty() ? std::string(path) : absl::StrCat("/", connection, path);
}

call::RequestHead MakeHead(const call::RequestHead& rpc, Api api) {
  call::RequestHead head;
  head.method = "POST";
  head.path = MakePath(rpc.headers, api);
  head.client_address = rpc.client_address;
  head.http_version = rpc.http_version;
  head.headers.emplace_back("content-type", "application/json");
  if (api == Api::kMessages) head.headers.emplace_back("anthropic-version", kVersion);
  for (const auto& [name, value] : rpc.headers) {
    const std::string lower = absl::AsciiStrToLower(name);
    for (const absl::string_view field : kFields) {
      if (lower == field) head.headers.emplace_back(lower, value);
    }
  }
  return head;
}

}  // namespace

Api FindApi(const call::CallContext& context) {
  const dialects::HeaderList& headers = context.request.headers;
  const absl::StatusOr<call::request::Route> route = call::request::FindRoute(
      context.services.resources.Current(), call::headers::FindHeader(headers, "host"),
      MakePath(headers, Api::kChatCompletions));
  // Without a connection the pipeline says why.
  const bool anthropic = route.ok() && route->connection->protocol == domain::Protocol::kAnthropic;
  return anthropic ? Api::kMessages : Api::kChatCompletions;
}

TypedCaller::TypedCaller(const call::CallContext& context, std::string request_id,
                         absl::Time deadline, Api api, ReadRequest read, SendEvent send)
    : PipelineCaller(context, MakeHead(context.request, api), std::move(request_id), deadline,
                     std::move(read)),
      send_(std::move(send)),
      answer_(context.services.options.max_response_bytes, api) {}

async::Awaitable<absl::Status> TypedCaller::RunCall() {
  const absl::Status refused = co_await RunPipeline(this);
  if (!refused.ok()) co_return refused;
  if (reply_.status >= 400 || answer_.failed()) {
    co_return grpc_calls::MakeUpstreamStatus(reply_, answer_.failure());
  }
  if (!finished_) co_return absl::AbortedError("the answer broke off");
  const Event completed = Completed();
  co_return co_await send_(completed);
}

async::Awaitable<absl::Status> TypedCaller::SendQueued() {
  for (Event& event : std::exchange(queued_, {})) {
    const absl::Status sent = co_await send_(std::move(event));
    if (!sent.ok()) co_return sent;
  }
  co_return absl::OkStatus();
}

async::Awaitable<absl::Status> TypedCaller::Send(call::ReplyHead head, absl::string_view /*body*/) {
  reply_ = std::move(head);
  finished_ = true;
  co_return co_await SendQueued();
}

async::Awaitable<absl::Status> TypedCaller::Begin(call::ReplyHead head) {
  reply_ = std::move(head);
  streams_ = true;
  co_return absl::OkStatus();
}

async::Awaitable<absl::Status> TypedCaller::Write(absl::string_view /*piece*/) {
  return SendQueued();
}

async::Awaitable<absl::Status> TypedCaller::Finish(dialects::HeaderList /*trailers*/) {
  finished_ = true;
  co_return absl::OkStatus();
}

async::Awaitable<void> TypedCaller::OnDecided(const std::string& session_id,
                                              const domain::Decision& decision) {
  queued_.emplace_back(Started{session_id, request_id()});
  queued_.emplace_back(Decided{decision.verdict, decision.policy});
  co_await SendQueued();
}

async::Awaitable<void> TypedCaller::OnHeld(const Hold& hold) {
  queued_.emplace_back(hold);
  co_await SendQueued();
}

async::Awaitable<void> TypedCaller::OnApproved(const std::string& review_id,
                                               const std::vector<std::string>& approvers) {
  queued_.emplace_back(Approved{review_id, approvers});
  co_await SendQueued();
}

void TypedCaller::OnPiece(const dialects::Delivery& piece) {
  if (streams_) {
    answer_.AddStreamed(piece, queued_);
  } else {
    answer_.AddDocument(piece, queued_);
  }
}

}  // namespace countersign::edge::inference
