#include "services/edge/governed_rpc/two_way_stream.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/condition.h"
#include "libs/async/group.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/frames.h"
#include "services/edge/governed_rpc/rpc_caller.h"
#include "services/edge/governed_rpc/two_way_upstream.h"

namespace countersign::edge::governed_rpc {
namespace {

using Bytes = absl::StatusOr<std::string>;

class TwoWayStream {
 public:
  TwoWayStream(const call::CallContext& context, grpc_calls::MessageSource& source,
               grpc_calls::RpcReply& reply, absl::Time deadline)
      : upstream_(context.upstream, context.executor, [this] { changed_.Notify(); }),
        context_{context.services, upstream_,        context.caller_connection,
                 context.reply,    context.request,  context.request_id,
                 context.arrived,  context.executor, context.cancellation},
        source_(source),
        reply_(reply),
        deadline_(deadline),
        changed_(context.executor),
        first_(context.executor) {}

  async::Awaitable<absl::Status> Run() {
    first_.Start(RunFirst());
    absl::Status refused = co_await PassMessages();
    passed_ = true;
    if (!refused.ok() && !answered_) context_.cancellation.Cancel(refused);
    co_await first_.UntilFewerThan(1);
    co_return refused.ok() ? answer_ : refused;
  }

 private:
  // The first call, with the answer to all.
  async::Awaitable<void> RunFirst() {
    RpcCall call;
    call.request_id = context_.request_id;
    call.deadline = deadline_;
    call.read = [this] { return ReadFrame(); };
    call.send = [this](absl::string_view frames) { return reply_.SendFrames(frames); };
    RpcCaller caller(context_, std::move(call));
    answer_ = co_await caller.Run();
    answered_ = true;
    changed_.Notify();
    // Ends what waits for the caller or for a reviewer: the upstream listens no more.
    if (!passed_) {
      context_.cancellation.Cancel(WithReason(
          absl::UnavailableError("the model's server has ended the stream"), "upstream_error"));
    }
  }

  // Sends all messages but the first. Returns why one was refused; OK also when it does not matter
  // any more, because the answer has ended or will.
  async::Awaitable<absl::Status> PassMessages() {
    while (!upstream_.sent() && !answered_) co_await changed_.WaitFor(absl::Hours(1));
    for (std::size_t number = 2; !answered_ && !half_closed_; ++number) {
      Bytes frame = co_await ReadFrame();
      if (answered_ || half_closed_) break;
      if (!frame.ok()) co_return frame.status();
      const absl::Status status = co_await RunOne(number, *std::move(frame));
      if (answered_ || upstream_.lost()) co_return absl::OkStatus();
      if (!upstream_.refused().ok()) co_return upstream_.refused();
      if (!status.ok()) co_return status;
    }
    if (!answered_) co_await upstream_.Finish(context_.cancellation);
    co_return absl::OkStatus();
  }

  async::Awaitable<absl::Status> RunOne(std::size_t number, std::string frame) {
    RpcCall call;
    call.request_id = absl::StrCat(context_.request_id, "-", number);
    call.deadline = deadline_;
    call.read = [&frame] { return Give(std::move(frame)); };
    call.send = [](absl::string_view /*frames*/) { return SendNothing(); };
    call.names_session = false;
    RpcCaller caller(context_, std::move(call));
    co_return co_await caller.Run();
  }

  // "" when the caller sends no more.
  async::Awaitable<Bytes> ReadFrame() {
    const absl::StatusOr<std::optional<std::string>> message = co_await source_.Next();
    if (!message.ok()) co_return message.status();
    if (message->has_value()) co_return grpc_wire::EncodeFrame(0, **message);
    half_closed_ = true;
    co_return std::string();
  }
  static async::Awaitable<Bytes> Give(std::string frame) { co_return frame; }
  static async::Awaitable<absl::Status> SendNothing() { co_return absl::OkStatus(); }

  TwoWayUpstream upstream_;
  const call::CallContext context_;  // with that upstream
  grpc_calls::MessageSource& source_;
  grpc_calls::RpcReply& reply_;
  const absl::Time deadline_;
  absl::Status answer_;    // how the first call ended
  bool answered_ = false;  // it has ended
  bool passed_ = false;    // no more messages are read
  bool half_closed_ = false;
  async::Condition changed_;  // the first message was sent, or the first call has ended
  async::Group first_;        // last: it uses everything above
};

}  // namespace

async::Awaitable<absl::Status> ServeTwoWay(const call::CallContext& context,
                                           grpc_calls::MessageSource& source,
                                           grpc_calls::RpcReply& reply, absl::Time deadline) {
  TwoWayStream stream(context, source, reply, deadline);
  co_return co_await stream.Run();
}

}  // namespace countersign::edge::governed_rpc
