#pragma once

#include <grpcpp/support/server_callback.h>

#include "absl/time/time.h"
#include "countersign/authn/v1/authn.pb.h"
#include "services/authn/revocation/revocation_feed.h"

namespace countersign::authn::revocation {

// One edge that listens for revocations, as long as its stream is open: revocations and a heartbeat
// every second go out, acknowledgements come in. `feed` outlives it; it deletes itself.
grpc::ServerBidiReactor<v1::RevocationAck, v1::Revocation>* NewRevocationStream(
    RevocationFeed& feed, absl::Duration heartbeat = absl::Seconds(1));

}  // namespace countersign::authn::revocation
