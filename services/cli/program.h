#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace countersign::cli {

// Runs the verb that `arguments` (without the program's name) ask for. Exit status: 0 success, 1
// refused or failed (of diff: something differs), 2 misuse (of diff: any failure).
int Run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace countersign::cli
