#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "services/cli/gateway_client.h"

namespace countersign::cli {

// Runs the verb that `arguments` (without the program's name) ask for. Returns the exit status: 0
// success, 1 refused or failed (of diff: something differs), 2 misuse (of diff: any failure).
int Run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err,
        GatewayConnector connector = ConnectOverHttp);

}  // namespace countersign::cli
