#pragma once

#include <string>

namespace countersign::config::reference {

// docs/resources.md: every kind with its fields and examples.
std::string ReferencePage();

}  // namespace countersign::config::reference
