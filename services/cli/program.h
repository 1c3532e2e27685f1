#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "services/cli/gateway_client.h"

namespace countersign::cli {

// Runs the verb given by `arguments` (without the program's name). Returns the exit status: 0 for
// success, 1 refused or failed (for diff: something differs), 2 misuse (for diff: any failure).
int Run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err,
        GatewayConnector connector = ConnectOverHttp);

}  // namespace countersign::cli
