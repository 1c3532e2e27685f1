#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "services/edge/call/call_context.h"
#include "services/edge/call/call_observer.h"
#include "services/edge/call/caller_connection.h"
#include "services/edge/ext_proc/proxied_exchange.h"

namespace countersign::edge::ext_proc {

// The caller whose request a proxy holds, as the pipeline sees it. Used on the call's executor.
class ProxiedCaller final : public call::CallerConnection, public call::CallObserver {
 public:
  // `rpc` is the proxy's stream; a held call asks the proxy to wait for `hold`, unless it is zero.
  ProxiedCaller(const call::CallContext& rpc, ProxyStream& stream, ProxiedExchange& exchange,
                call::RequestHead head, absl::Duration hold)
      : rpc_(rpc), stream_(stream), exchange_(exchange), head_(std::move(head)), hold_(hold) {}

  const call::RequestHead& head() const override { return head_; }
  async::Executor executor() override { return rpc_.executor; }
  void SetVerified() override { rpc_.caller_connection.SetVerified(); }
  async::Cancellation& cancellation() override { return stream_.cancellation(); }
  using CallerConnection::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override {
    return exchange_.ReadRequestBody(max_bytes);
  }
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override;
  // The proxy delivers nothing before the model has answered.
  bool CanBeginEarly() const override { return false; }
  async::Awaitable<absl::Status> Send(call::ReplyHead head, absl::string_view body) override {
    return exchange_.Send(std::move(head), body);
  }
  async::Awaitable<absl::Status> Begin(call::ReplyHead head) override;
  async::Awaitable<absl::Status> Write(absl::string_view piece) override {
    return exchange_.Write(piece);
  }
  using CallerConnection::Finish;
  async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) override;

  async::Awaitable<void> OnDecided(const std::string& session_id,
                                   const domain::Decision& decision) override;
  async::Awaitable<void> OnHeld(const Hold& hold) override;
  async::Awaitable<void> OnApproved(const std::string& review_id,
                                    const std::vector<std::string>& approvers) override;
  void OnPiece(const dialects::Delivery& /*piece*/) override {}

 private:
  const call::CallContext& rpc_;
  ProxyStream& stream_;
  ProxiedExchange& exchange_;
  const call::RequestHead head_;
  const absl::Duration hold_;
};

// The head of the request that `message` begins. `connection` is what the proxy's configuration
// names; "": chosen by host and path. `address` is the caller's, as far as the proxy does not send
// it.
call::RequestHead MakeRequestHead(const ProxyMessage& message, absl::string_view connection,
                                  const std::string& address);

}  // namespace countersign::edge::ext_proc
