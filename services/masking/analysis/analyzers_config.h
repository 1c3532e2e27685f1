#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/config/fields.h"
#include "services/masking/analysis/analyzers.h"

namespace countersign::masking::analysis {

// One item of `analyzers:` in the section `service:` of masking's configuration. It stands there,
// and not in a resource, because it decides who reads every text before it is masked.
struct AnalyzerConfig {
  enum class Protocol { kGrpc, kPresidio };
  AnalyzerOptions options;
  Protocol protocol = Protocol::kGrpc;
  std::string url;        // http or https; over gRPC it has neither path nor query
  std::string authority;  // a PEM file that the server's certificate is checked with; may be empty
};

// Reads the list strictly; mistakes are reported through `section`.
std::vector<AnalyzerConfig> ReadAnalyzers(
    config::Fields& section, const std::function<std::string(const std::string&)>& resolve);

// The list of a file that has it as masking's configuration does, `service: {analyzers: […]}`.
// INVALID_ARGUMENT with one mistake per line; NOT_FOUND.
absl::StatusOr<std::vector<AnalyzerConfig>> ReadAnalyzersFile(const std::string& path);

// Adds a client for each. FAILED_PRECONDITION when a file of CAs cannot be read.
absl::Status AddAnalyzers(const std::vector<AnalyzerConfig>& configs, const Clock& clock,
                          Analyzers& analyzers);

}  // namespace countersign::masking::analysis
