#include "services/edge/grpc_calls/rpc_reply.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/error_details.h"
#include "libs/grpc_wire/fields.h"
#include "libs/grpc_wire/frames.h"
#include "libs/grpc_wire/gzip.h"
#include "libs/grpc_wire/web_text.h"
#include "services/edge/admin/connect_error.h"
#include "services/edge/call/large_work.h"
#include "services/edge/grpc_calls/status_details.h"

namespace countersign::edge::grpc_calls {
namespace {

constexpr std::size_t kWorthCompressing = 1u << 10;
// Clients accept 8 KiB of trailers by default. The message is in them twice: as such, and in
// base64 within the details, which also have the violations.
constexpr std::size_t kMostMessageBytes = 5u << 9;

// `message`, shortened at the end of a character so that it fits into trailers.
std::string Shorten(absl::string_view message) {
  constexpr absl::string_view kCut = "...";
  if (grpc_wire::PercentEncode(message).size() <= kMostMessageBytes) return std::string(message);
  std::size_t encoded = kCut.size();
  std::size_t end = 0;
  for (; end < message.size(); ++end) {
    encoded += grpc_wire::PercentEncode(message.substr(end, 1)).size();
    if (encoded > kMostMessageBytes) break;
  }
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(message.substr(0, end), kCut);
}

dialects::HeaderList MakeTrailers(const absl::Status& status) {
  const absl::Status shown = absl::Status(status.code(), Shorten(status.message()));
  grpc_wire::ErrorDetails details;
  details.reason = GetReason(status);
  if (std::string review = GetReview(status); !review.empty()) {
    details.metadata.emplace_back("review_id", std::move(review));
  }
  details.retry_after = GetRetryAfter(status);
  details.violations = GetViolations(status);
  dialects::HeaderList trailers;
  trailers.emplace_back("grpc-status", absl::StrCat(static_cast<int>(status.code())));
  if (!shown.message().empty()) {
    trailers.emplace_back("grpc-message", grpc_wire::PercentEncode(shown.message()));
  }
  if (const std::string bytes = grpc_wire::EncodeStatus(shown, details); !bytes.empty()) {
    trailers.emplace_back("grpc-status-details-bin", grpc_wire::EncodeBinary(bytes));
  }
  return trailers;
}

std::string TrailersAsText(const dialects::HeaderList& trailers) {
  std::string text;
  for (const auto& [name, value] : trailers) absl::StrAppend(&text, name, ": ", value, "\r\n");
  return text;
}

}  // namespace

async::Awaitable<absl::Status> RpcReply::Begin() {
  if (begun_) co_return absl::OkStatus();
  begun_ = true;
  const bool connect = protocol_.framing == Framing::kConnect;
  dialects::HeaderList headers;
  headers.emplace_back("content-type", protocol_.content_type);
  headers.emplace_back(connect ? "connect-accept-encoding" : "grpc-accept-encoding",
                       "identity,gzip");
  if (gzip_) headers.emplace_back(connect ? "connect-content-encoding" : "grpc-encoding", "gzip");
  co_return co_await context_.reply.Begin(200, std::move(headers));
}

async::Awaitable<absl::Status> RpcReply::Write(absl::string_view frames) {
  if (protocol_.framing != Framing::kWebText) co_return co_await context_.reply.Write(frames);
  const std::string text = grpc_wire::EncodeWebText(frames);
  co_return co_await context_.reply.Write(text);
}

async::Awaitable<absl::Status> RpcReply::Send(std::string message) {
  const absl::Status begun = co_await Begin();
  if (!begun.ok()) co_return begun;
  std::uint8_t flags = 0;
  if (gzip_ && message.size() >= kWorthCompressing) {
    // Named first, because g++ 12 destroys the captures of a lambda within a co_await twice.
    auto gzip = [message]() -> absl::StatusOr<std::string> { return grpc_wire::Gzip(message); };
    absl::StatusOr<std::string> packed =
        co_await call::RunLargeWork(context_, message.size(), std::move(gzip));
    // With too much work waiting it is sent as it is.
    if (packed.ok()) {
      flags = grpc_wire::kCompressed;
      message = *std::move(packed);
    }
  }
  const std::string frame = grpc_wire::EncodeFrame(flags, message);
  co_return co_await Write(frame);
}

async::Awaitable<absl::Status> RpcReply::SendFrames(absl::string_view frames) {
  const absl::Status begun = co_await Begin();
  if (!begun.ok()) co_return begun;
  if (!gzip_) co_return co_await Write(frames);
  grpc_wire::FrameReader reader(frames.size());
  reader.Feed(frames);
  while (true) {
    absl::StatusOr<std::optional<grpc_wire::Frame>> frame = reader.Next();
    if (!frame.ok()) co_return frame.status();
    if (!frame->has_value()) co_return absl::OkStatus();
    const absl::Status sent = co_await Send(std::move((*frame)->payload));
    if (!sent.ok()) co_return sent;
  }
}

async::Awaitable<absl::Status> RpcReply::End(absl::Status status) {
  const absl::Status begun = co_await Begin();
  if (!begun.ok()) co_return begun;
  if (protocol_.framing == Framing::kGrpc) {
    co_return co_await context_.reply.Finish(MakeTrailers(status));
  }
  std::string last;
  if (protocol_.framing == Framing::kConnect) {
    last = grpc_wire::EncodeFrame(grpc_wire::kConnectEnd, admin::ConnectEndOfStream(status));
  } else {
    last = grpc_wire::EncodeFrame(grpc_wire::kWebTrailers, TrailersAsText(MakeTrailers(status)));
  }
  const absl::Status written = co_await Write(last);
  if (!written.ok()) co_return written;
  co_return co_await context_.reply.Finish();
}

}  // namespace countersign::edge::grpc_calls
