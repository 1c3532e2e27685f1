#pragma once

#include <memory>
#include <string>

#include "libs/async/executor.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/binding.h"
#include "libs/http/client.h"
#include "services/edge/call/admission/prepared_request.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge::http_transport {

// An Upstream over http and https URLs, and for calls of gRPC over grpc and grpcs ones, too. One
// per executor; all members are called there. Responses may outlive it.
class HttpUpstream final : public call::Upstream {
 public:
  // Hashes large bodies on `pool`. All arguments must outlive this object.
  HttpUpstream(http::Client& client, async::Executor executor, ThreadPool& pool)
      : client_(client), executor_(executor), pool_(pool) {}

  absl::StatusOr<std::string> MakeTarget(const domain::Connection& connection,
                                         absl::string_view path) const override;
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> Send(
      const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) override;
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamStream>>> OpenStream(
      const call::admission::AdmittedRequest& first, async::Cancellation& cancellation) override;
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> Ask(
      const call::Question& question, async::Cancellation& cancellation) override;
  void Recycle(std::unique_ptr<call::UpstreamResponse> response) override;

 private:
  class Stream;
  // A request that may be sent, and where to.
  struct Outgoing {
    std::shared_ptr<http::Request> request;
    http::Target target;
  };
  // The request without the credential, if its binding hash is the admitted one; INTERNAL if not.
  async::Awaitable<absl::StatusOr<std::shared_ptr<http::Request>>> MakeBound(
      const call::admission::PreparedRequest& prepared, async::Cancellation& cancellation);
  // The same with the credential.
  async::Awaitable<absl::StatusOr<Outgoing>> MakeOutgoing(
      const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation);
  // Whether `hash` is that of `bound` with the request's body; INTERNAL if not.
  async::Awaitable<absl::Status> CheckBinding(std::shared_ptr<const http::Request> request,
                                              domain::BoundRequest bound, std::string hash,
                                              async::Cancellation& cancellation);

  http::Client& client_;
  const async::Executor executor_;
  ThreadPool& pool_;
};

// Whether calls can be sent to `connection`. INVALID_ARGUMENT says what is wrong with its URL.
absl::Status CheckConnection(const domain::Connection& connection);

}  // namespace countersign::edge::http_transport
