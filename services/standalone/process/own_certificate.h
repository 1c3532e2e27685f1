#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/standalone/data_directory.h"

namespace countersign::standalone::process {

// Makes the gateway's own certificate for a server on `host`: DIR/tls.crt and keys/edge/tls.key. An
// existing one is kept as long as it can serve, because clients trust that very certificate: its
// key is there, it is valid for a month from `now`, and it names `host` (with every address, it is
// kept whatever the addresses are now). Returns "" or, when one was replaced, why.
absl::StatusOr<std::string> EnsureOwnCertificate(const DataDirectory& directory,
                                                 const std::string& host, absl::Time now);

}  // namespace countersign::standalone::process
