#include "services/edge/inference/serve_inference.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/grpc_calls/message_source.h"
#include "services/edge/inference/codec.h"
#include "services/edge/inference/conversation.h"
#include "services/edge/inference/typed_caller.h"

namespace countersign::edge::inference {
namespace {

constexpr absl::string_view kPrefix = "/countersign.inference.v1.Inference/";
// After an answer that was not kept as a whole, the conversation is too long for another turn.
static_assert(AnswerEvents::kMostText >= Conversation::kMostBytes);
// Between two turns of a conversation.
constexpr absl::Duration kIdle = absl::Minutes(10);

absl::Status Stopping() {
  return WithReason(absl::UnavailableError("the gateway is stopping; open the conversation again"),
                    "unavailable");
}

// One RPC: reads its messages, and sends its events.
class TypedRpc {
 public:
  TypedRpc(const call::CallContext& context, const Codec& codec,
           const grpc_calls::RpcProtocol& protocol, grpc_calls::MessageSource& source,
           grpc_calls::RpcReply& reply)
      : context_(context),
        codec_(codec),
        form_(protocol.form()),
        source_(source),
        reply_(reply),
        api_(FindApi(context)) {}

  async::Awaitable<absl::Status> Generate(absl::Time deadline);
  async::Awaitable<absl::Status> Chat(absl::Time deadline);

 private:
  async::Awaitable<absl::StatusOr<std::string>> ReadGenerate();
  async::Awaitable<absl::StatusOr<std::string>> ReadTurn(Conversation& conversation);
  // False at the end of the conversation.
  async::Awaitable<absl::StatusOr<bool>> ReadNextTurn(Conversation& conversation);
  async::Awaitable<absl::StatusOr<bool>> AwaitNextTurn(Conversation& conversation);
  async::Awaitable<absl::Status> RunTurn(Conversation& conversation, absl::Time deadline);

  const call::CallContext& context_;
  const Codec& codec_;
  const grpc_calls::MessageForm form_;
  grpc_calls::MessageSource& source_;
  grpc_calls::RpcReply& reply_;
  const Api api_;  // a conversation stays with it
};

async::Awaitable<absl::StatusOr<std::string>> TypedRpc::ReadGenerate() {
  const absl::StatusOr<std::string> message = co_await source_.ReadOnly();
  if (!message.ok()) co_return message.status();
  const absl::StatusOr<Prompt> prompt = codec_.ReadGenerate(*message, form_);
  if (!prompt.ok()) co_return prompt.status();
  co_return WriteBody(*prompt, api_);
}

async::Awaitable<absl::Status> TypedRpc::Generate(absl::Time deadline) {
  TypedCaller caller(
      context_, context_.request_id, deadline, api_, [this] { return ReadGenerate(); },
      [this](Event event) { return reply_.Send(codec_.WriteGenerate(event, form_)); });
  co_return co_await caller.RunCall();
}

async::Awaitable<absl::StatusOr<bool>> TypedRpc::ReadNextTurn(Conversation& conversation) {
  const absl::StatusOr<std::optional<std::string>> message = co_await source_.Next();
  if (!message.ok()) co_return message.status();
  if (!message->has_value()) co_return false;
  absl::StatusOr<ChatInput> input = codec_.ReadChat(**message, form_);
  if (!input.ok()) co_return input.status();
  const absl::Status added = conversation.Add(*std::move(input));
  if (!added.ok()) co_return added;
  co_return true;
}

// The first message is read when the caller is verified, further ones before their turn begins.
async::Awaitable<absl::StatusOr<std::string>> TypedRpc::ReadTurn(Conversation& conversation) {
  if (!conversation.open()) {
    const absl::StatusOr<bool> read = co_await ReadNextTurn(conversation);
    if (!read.ok()) co_return read.status();
    if (!*read) co_return absl::InvalidArgumentError("the request has no message");
  }
  co_return WriteBody(conversation.prompt(), api_);
}

async::Awaitable<absl::Status> TypedRpc::RunTurn(Conversation& conversation, absl::Time deadline) {
  const std::uint32_t turn = conversation.turns() + 1;
  const std::string request_id =
      turn == 1 ? context_.request_id : absl::StrCat(context_.request_id, "-", turn);
  TypedCaller caller(
      context_, request_id, deadline, api_,
      [this, &conversation] { return ReadTurn(conversation); },
      [this, turn](Event event) { return reply_.Send(codec_.WriteChat(event, turn, form_)); });
  absl::Status status = co_await caller.RunCall();
  if (status.ok()) conversation.AddAnswer(caller.text());
  co_return status;
}

// The same while nothing runs: the caller comes back later if the gateway stops.
async::Awaitable<absl::StatusOr<bool>> TypedRpc::AwaitNextTurn(Conversation& conversation) {
  const async::StopSignal::Watch stop(context_.services.stopping, context_.executor,
                                      [this] { context_.cancellation.Cancel(Stopping()); });
  co_return co_await ReadNextTurn(conversation);
}

async::Awaitable<absl::Status> TypedRpc::Chat(absl::Time deadline) {
  Conversation conversation;
  absl::Status status = co_await RunTurn(conversation, deadline);
  while (status.ok()) {
    const async::Deadline timer(context_.executor, deadline - context_.services.clock.Now(),
                                context_.cancellation,
                                absl::DeadlineExceededError("the call's deadline is over"));
    const absl::StatusOr<bool> more = co_await AwaitNextTurn(conversation);
    if (context_.cancellation.cancelled()) {
      const absl::Status& cause = context_.cancellation.cause();
      co_return absl::IsAborted(cause) ? Stopping() : cause;
    }
    if (!more.ok()) co_return more.status();
    if (!*more) co_return absl::OkStatus();
    status = co_await RunTurn(conversation, deadline);
  }
  co_return status;
}

}  // namespace

bool IsInference(absl::string_view path) { return absl::StartsWith(path, kPrefix); }

async::Awaitable<absl::Status> ServeInference(const call::CallContext& context,
                                              const grpc_calls::RpcServices& rpc,
                                              const grpc_calls::RpcProtocol& protocol,
                                              const grpc_calls::RpcHead& head,
                                              grpc_calls::RpcReply& reply) {
  const Codec* const codec = rpc.backend == nullptr ? nullptr : rpc.backend->inference();
  const absl::string_view method = absl::string_view(context.request.path).substr(kPrefix.size());
  const bool chat = method == "Chat";
  if (codec == nullptr || (!chat && method != "Generate")) {
    co_return WithReason(
        absl::UnimplementedError(absl::StrCat("there is no method ", context.request.path)),
        "not_found");
  }
  const grpc_calls::ReadLimits limits{rpc.options.max_message_bytes,
                                      chat ? kIdle : rpc.options.piece_timeout,
                                      rpc.options.request_timeout};
  grpc_calls::MessageSource source(context, protocol.framing, head.gzip, limits);
  TypedRpc typed(context, *codec, protocol, source, reply);
  const absl::Time deadline = context.arrived + head.timeout;
  if (chat) co_return co_await typed.Chat(deadline);
  co_return co_await typed.Generate(deadline);
}

}  // namespace countersign::edge::inference
