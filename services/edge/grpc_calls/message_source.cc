#include "services/edge/grpc_calls/message_source.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/grpc_wire/gzip.h"
#include "services/edge/call/large_work.h"

namespace countersign::edge::grpc_calls {
namespace {

constexpr std::size_t kMostGrowth = 1032;  // of deflate

}  // namespace

async::Awaitable<absl::StatusOr<std::string>> MessageSource::Open(grpc_wire::Frame frame) const {
  if ((frame.flags & ~grpc_wire::kCompressed) != 0) {
    co_return absl::InvalidArgumentError("a message has unknown flags");
  }
  if ((frame.flags & grpc_wire::kCompressed) == 0) co_return std::move(frame.payload);
  if (!gzip_) co_return absl::InternalError("a message is compressed, and no field says how");
  const std::size_t work = std::min(frame.payload.size() * kMostGrowth, limits_.message_bytes);
  // Named first, because g++ 12 destroys the captures of a lambda within a co_await twice.
  auto gunzip = [payload = std::move(frame.payload), most = limits_.message_bytes] {
    return grpc_wire::Gunzip(payload, most);
  };
  co_return co_await call::RunLargeWork(context_, work, std::move(gunzip));
}

async::Awaitable<absl::StatusOr<bool>> MessageSource::ReadMore() {
  absl::Duration timeout = limits_.piece_timeout;
  if (only_one_) {
    const absl::Duration used = absl::FromChrono(context_.executor.Now() - begun_);
    timeout = std::min(timeout, limits_.total_timeout - used);
  }
  absl::StatusOr<std::string> piece = co_await context_.caller_connection.ReadPiece(timeout);
  if (!piece.ok()) co_return piece.status();
  if (piece->empty()) {
    if (frames_.empty() && text_.empty()) co_return false;
    co_return absl::InvalidArgumentError("the request ends within a message");
  }
  if (framing_ == Framing::kWebText) {
    absl::StatusOr<std::string> bytes = text_.Feed(*piece);
    if (!bytes.ok()) co_return bytes.status();
    piece = std::move(bytes);
  }
  frames_.Feed(*piece);
  co_return true;
}

async::Awaitable<absl::StatusOr<std::optional<std::string>>> MessageSource::Next() {
  while (true) {
    absl::StatusOr<std::optional<grpc_wire::Frame>> frame = frames_.Next();
    if (!frame.ok()) co_return WithReason(frame.status(), "payload_too_large");
    if (frame->has_value()) {
      absl::StatusOr<std::string> message = co_await Open(**std::move(frame));
      if (!message.ok()) co_return message.status();
      co_return std::optional<std::string>(*std::move(message));
    }
    const absl::StatusOr<bool> more = co_await ReadMore();
    if (!more.ok()) co_return more.status();
    if (!*more) co_return std::optional<std::string>();
  }
}

async::Awaitable<absl::StatusOr<std::string>> MessageSource::ReadOnly() {
  only_one_ = true;
  absl::StatusOr<std::optional<std::string>> message = co_await Next();
  if (!message.ok()) co_return message.status();
  if (!message->has_value()) co_return absl::InvalidArgumentError("the request has no message");
  const absl::StatusOr<std::optional<std::string>> second = co_await Next();
  if (!second.ok()) co_return second.status();
  if (second->has_value()) {
    co_return absl::InvalidArgumentError("the method takes one message, and the request has more");
  }
  co_return **std::move(message);
}

}  // namespace countersign::edge::grpc_calls
