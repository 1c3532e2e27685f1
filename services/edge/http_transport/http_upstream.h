#pragma once

#include "libs/http/client.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge::http_transport {

// An Upstream over http and https URLs. One per executor; all members are called there. Responses
// may outlive it.
class HttpUpstream final : public call::Upstream {
 public:
  explicit HttpUpstream(http::Client& client) : client_(client) {}

  absl::StatusOr<std::string> MakeTarget(const domain::Connection& connection,
                                         absl::string_view path) const override;
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> Send(
      const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) override;
  void Recycle(std::unique_ptr<call::UpstreamResponse> response) override;

 private:
  http::Client& client_;
};

// Whether calls can be sent to `connection`. INVALID_ARGUMENT says what is wrong with its URL.
absl::Status CheckConnection(const domain::Connection& connection);

}  // namespace countersign::edge::http_transport
