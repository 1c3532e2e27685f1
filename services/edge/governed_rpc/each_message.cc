#include "services/edge/governed_rpc/each_message.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/group.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/frames.h"
#include "services/edge/call/request/verified_caller.h"
#include "services/edge/governed_rpc/rpc_caller.h"
#include "services/edge/grpc_calls/call_status.h"
#include "services/edge/grpc_calls/status_details.h"

namespace countersign::edge::governed_rpc {
namespace {

using call::request::VerifiedCaller;

async::Awaitable<absl::StatusOr<std::string>> ReadFrame(const std::string& message) {
  co_return grpc_wire::EncodeFrame(0, message);
}

// Whether the next call would be refused, too.
bool EndsAll(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsUnimplemented(status) ||
         absl::IsDeadlineExceeded(status) || GetReason(status) == "unknown_connection";
}

std::string Describe(const absl::Status& status) {
  std::string text = absl::StrCat(GetReason(status), ": ", status.message());
  const std::string review = grpc_calls::GetReview(status);
  if (!review.empty()) absl::StrAppend(&text, " (review ", review, ")");
  return text;
}

class MessageCalls {
 public:
  MessageCalls(const call::CallContext& context, const dialects::Dialect& dialect,
               grpc_calls::MessageSource& source, grpc_calls::RpcReply& reply, absl::Time deadline)
      : context_(context),
        dialect_(dialect),
        source_(source),
        reply_(reply),
        deadline_(deadline),
        turns_(context.executor),
        calls_(context.executor) {}

  async::Awaitable<absl::Status> Run() {
    const async::StopSignal::Watch stop(context_.services.stopping, context_.executor, [this] {
      stopping_ = true;
      StopWhenIdle();
    });
    absl::Status status = co_await ReadMessages();
    co_await calls_.UntilFewerThan(1);
    if (!ended_.ok()) co_return ended_;
    co_return status;
  }

 private:
  async::Awaitable<absl::Status> ReadMessages() {
    while (ended_.ok() && !context_.cancellation.cancelled()) {
      reading_ = true;
      StopWhenIdle();
      absl::StatusOr<std::optional<std::string>> message = co_await source_.Next();
      reading_ = false;
      if (!ended_.ok() || context_.cancellation.cancelled()) break;
      if (!message.ok()) co_return message.status();
      if (!message->has_value()) co_return absl::OkStatus();
      calls_.Start(RunOne(++count_, **std::move(message)));
      co_await calls_.UntilFewerThan(kMostCalls);
    }
    co_return context_.cancellation.cause();
  }

  async::Awaitable<void> RunOne(std::size_t number, std::string message) {
    ++running_;
    RpcCall call;
    call.request_id =
        number == 1 ? context_.request_id : absl::StrCat(context_.request_id, "-", number);
    call.deadline = deadline_;
    call.read = [&message] { return ReadFrame(message); };
    call.send = [this](absl::string_view frames) { return Send(frames); };
    RpcCaller caller(context_, std::move(call));
    const absl::Status status = co_await caller.Run();
    if (!status.ok() && !context_.cancellation.cancelled()) co_await Fail(message, status);
    --running_;
    StopWhenIdle();
  }

  async::Awaitable<void> Fail(const std::string& message, const absl::Status& status) {
    if (!EndsAll(status)) {
      const std::string failure =
          grpc_wire::EncodeFrame(0, dialect_.FormatRpcFailure(message, Describe(status)));
      co_await Send(failure);
      co_return;
    }
    if (ended_.ok()) ended_ = status;
    // Wakes the reader, which otherwise waits for the caller.
    if (reading_) context_.cancellation.Cancel(ended_);
  }

  async::Awaitable<absl::Status> Send(absl::string_view frames) {
    const async::Turns::Turn turn = co_await turns_.Take();
    co_return co_await reply_.SendFrames(frames);
  }

  // A stream without calls would keep the process from stopping.
  void StopWhenIdle() {
    if (!stopping_ || !reading_ || running_ > 0) return;
    context_.cancellation.Cancel(WithReason(
        absl::UnavailableError("the gateway is stopping; open the stream again"), "unavailable"));
  }

  const call::CallContext& context_;
  const dialects::Dialect& dialect_;
  grpc_calls::MessageSource& source_;
  grpc_calls::RpcReply& reply_;
  const absl::Time deadline_;
  absl::Status ended_;
  std::size_t count_ = 0;
  std::size_t running_ = 0;
  bool reading_ = false;
  bool stopping_ = false;
  async::Turns turns_;
  async::Group calls_;  // last: its members use everything above
};

}  // namespace

async::Awaitable<absl::Status> ServeEachMessage(const call::CallContext& context,
                                                const dialects::Dialect& dialect,
                                                grpc_calls::MessageSource& source,
                                                grpc_calls::RpcReply& reply, absl::Time deadline) {
  // Nothing of a caller is read before it is verified; each call verifies it again.
  const call::Step<VerifiedCaller> caller = co_await VerifiedCaller::Verify(context);
  if (!caller.ok()) {
    if (context.cancellation.cancelled()) co_return context.cancellation.cause();
    call::request::ReportUnverified(context, caller.refusal());
    co_return grpc_calls::MakeStatus(caller.refusal().error);
  }
  MessageCalls calls(context, dialect, source, reply, deadline);
  co_return co_await calls.Run();
}

}  // namespace countersign::edge::governed_rpc
