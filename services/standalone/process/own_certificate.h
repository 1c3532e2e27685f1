#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/standalone/data_directory.h"

namespace countersign::standalone::process {

// Makes the gateway's own certificate, DIR/tls.crt and keys/edge/tls.key, for a server on
// `host`. An existing one is kept as long as it can serve: its key is there, it is valid for a month
// from `now` and names `host` (a gateway that listens on every address keeps one whatever its
// addresses are now), because clients trust that very certificate. Returns "" or, when one was
// replaced, why.
absl::StatusOr<std::string> EnsureOwnCertificate(const DataDirectory& directory,
                                                 const std::string& host, absl::Time now);

}  // namespace countersign::standalone::process
