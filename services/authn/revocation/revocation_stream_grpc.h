#pragma once

#include <grpcpp/support/server_callback.h>

#include "absl/time/time.h"
#include "countersign/authn/v1/authn.pb.h"
#include "services/authn/revocation/revocation_feed.h"

namespace countersign::authn::revocation {

// Serves one edge that watches revocations, until its stream ends: sends revocations and a
// heartbeat every second, receives acknowledgements. `feed` must outlive it. Deletes itself.
grpc::ServerBidiReactor<v1::WatchRevocationsRequest, v1::WatchRevocationsResponse>*
NewRevocationStream(RevocationFeed& feed, absl::Duration heartbeat = absl::Seconds(1));

}  // namespace countersign::authn::revocation
