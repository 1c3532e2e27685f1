#include "services/edge/governed_rpc/two_way_upstream.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/condition.h"
#include "libs/async/group.h"
#include "libs/base/status.h"
#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::governed_rpc {
namespace {

// The answer to a message whose answer comes with that of the first one.
class NoAnswer final : public call::UpstreamResponse {
 public:
  int status() const override { return 200; }
  const dialects::HeaderList& headers() const override { return headers_; }
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(
      async::Cancellation& /*cancellation*/) override {
    co_return std::string();
  }
  dialects::HeaderList trailers() const override { return {{"grpc-status", "0"}}; }

 private:
  const dialects::HeaderList headers_ = {{"content-type", "application/grpc"}};
};

// A response that says when its upstream is silent for `pause`, once for each time.
class PausingResponse final : public call::UpstreamResponse {
 public:
  PausingResponse(std::unique_ptr<call::UpstreamResponse> response, absl::Duration pause,
                  async::Executor executor)
      : response_(std::move(response)),
        pause_(pause),
        executor_(executor),
        arrived_(executor),
        read_(executor) {}

  int status() const override { return response_->status(); }
  const dialects::HeaderList& headers() const override { return response_->headers(); }
  dialects::HeaderList trailers() const override { return response_->trailers(); }
  bool pauses() const override { return pauses_; }

  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(
      async::Cancellation& cancellation) override {
    if (read_.running() == 0 && !piece_) read_.Start(Read(cancellation));
    const absl::Duration most = pauses_ ? absl::Hours(1) : pause_;
    const async::TimePoint until = executor_.After(most);
    while (!piece_) {
      const absl::Duration left = absl::FromChrono(until - executor_.Now());
      if (left <= absl::ZeroDuration()) {
        pauses_ = true;
        co_return std::string();
      }
      co_await arrived_.WaitFor(left);
    }
    pauses_ = false;
    absl::StatusOr<std::string> piece = *std::move(piece_);
    piece_.reset();
    co_return piece;
  }

 private:
  // Goes on while a pause is told.
  async::Awaitable<void> Read(async::Cancellation& cancellation) {
    absl::StatusOr<std::string> piece = co_await response_->ReadPiece(cancellation);
    piece_.emplace(std::move(piece));
    arrived_.Notify();
  }

  const std::unique_ptr<call::UpstreamResponse> response_;
  const absl::Duration pause_;
  const async::Executor executor_;
  bool pauses_ = false;
  std::optional<absl::StatusOr<std::string>> piece_;
  async::Condition arrived_;
  async::Group read_;  // last: it uses everything above
};

}  // namespace

absl::StatusOr<std::string> TwoWayUpstream::MakeTarget(const domain::Connection& connection,
                                                       absl::string_view path) const {
  CS_ASSIGN_OR_RETURN(const std::string target, upstream_.MakeTarget(connection, path));
  if (last_hash_.empty()) return target;
  return absl::StrCat(target, absl::StrContains(target, '?') ? "&" : "?", "after=", last_hash_);
}

async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> TwoWayUpstream::Send(
    const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) {
  if (stream_ == nullptr) co_return co_await SendFirst(admitted, cancellation);
  const domain::Decision& decision = admitted.decision();
  if (decision.masking_profile != masking_profile_ || decision.recording != recording_) {
    refused_ = WithReason(
        absl::FailedPreconditionError("the policy masks or records the answer to this message in "
                                      "another way than the stream's: send it in its own stream"),
        "policy_denied");
    co_return refused_;
  }
  const absl::Status written = co_await stream_->Write(admitted, cancellation);
  if (!written.ok()) {
    lost_ = true;
    co_return written;
  }
  last_hash_ = admitted.request().binding_hash();
  co_return std::make_unique<NoAnswer>();
}

async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> TwoWayUpstream::SendFirst(
    const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) {
  absl::StatusOr<std::unique_ptr<call::UpstreamStream>> stream =
      co_await upstream_.OpenStream(admitted, cancellation);
  if (!stream.ok()) co_return stream.status();
  stream_ = *std::move(stream);
  last_hash_ = admitted.request().binding_hash();
  masking_profile_ = admitted.decision().masking_profile;
  recording_ = admitted.decision().recording;
  on_sent_();
  absl::StatusOr<std::unique_ptr<call::UpstreamResponse>> response =
      co_await stream_->ReadHead(cancellation);
  const absl::Duration pause = admitted.request().connection().texts_end_after;
  if (!response.ok() || pause == absl::InfiniteDuration()) co_return response;
  co_return std::make_unique<PausingResponse>(*std::move(response), pause, executor_);
}

async::Awaitable<void> TwoWayUpstream::Finish(async::Cancellation& cancellation) {
  const absl::Status ended = co_await stream_->Finish(cancellation);
  lost_ = lost_ || !ended.ok();
}

}  // namespace countersign::edge::governed_rpc
