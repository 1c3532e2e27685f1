#pragma once

#include <memory>

#include "absl/time/time.h"
#include "libs/jose/internal_token.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// The public keys of internal tokens, fetched from authn at start, every `refresh`, and when a
// token names an unknown key (at most once a second). While authn is unavailable the last keys are
// kept; before the first answer it retries every second. Thread-safe.
class GrpcInternalKeys final : public jose::InternalKeySource {
 public:
  explicit GrpcInternalKeys(std::shared_ptr<grpc::Channel> authn,
                            absl::Duration refresh = absl::Minutes(5));
  ~GrpcInternalKeys() override;

  std::shared_ptr<const jose::JwkSet> Current() override;
  void RequestRefresh() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
