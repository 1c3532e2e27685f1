#pragma once

#include <memory>

#include "libs/http/client.h"
#include "services/edge/call/admitted_request.h"

namespace countersign::edge::call {

// Step 9: where inference happens. The seam for other transports.
class Upstream {
 public:
  virtual ~Upstream() = default;

  // Sends the request and answers when the head of the response is there. The binding hash is taken
  // again over what is handed to the writer: INTERNAL, and nothing is sent, when it is not the one
  // that was admitted. See http::Client::Send for other errors.
  virtual async::Awaitable<absl::StatusOr<std::unique_ptr<http::ClientResponse>>> Send(
      const AdmittedRequest& admitted, async::Cancellation& cancellation) = 0;

  // Takes back a response that has said everything, so that its connection can be used again.
  virtual void Recycle(std::unique_ptr<http::ClientResponse> response) = 0;
};

// Over HTTP/1.1. One per executor.
class HttpUpstream final : public Upstream {
 public:
  explicit HttpUpstream(http::Client& client) : client_(client) {}
  async::Awaitable<absl::StatusOr<std::unique_ptr<http::ClientResponse>>> Send(
      const AdmittedRequest& admitted, async::Cancellation& cancellation) override;
  void Recycle(std::unique_ptr<http::ClientResponse> response) override {
    client_.DrainAndRecycle(std::move(response));
  }

 private:
  http::Client& client_;
};

}  // namespace countersign::edge::call
