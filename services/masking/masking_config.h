#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/config/fields.h"
#include "services/masking/analysis/analyzers_config.h"

namespace countersign::masking {

// Section `service:` of this service's configuration file.
struct MaskingConfig {
  std::size_t large_text_threads = 2;  // 1 … 64: for pieces of more than 64 KiB
  std::size_t large_text_queue = 256;  // 1 … 65536
  // A file with at least 32 bytes, the key of the `hash` action; the same for all replicas. Empty:
  // a random key per process, so that hashes are comparable within one process only.
  std::string hash_key_file;
  std::vector<analysis::AnalyzerConfig> analyzers;  // off by default
};

// For config::SectionReader. Mistakes are reported through `section`.
MaskingConfig ReadMaskingConfig(config::Fields& section,
                                const std::function<std::string(const std::string&)>& resolve);

// The key of the `hash` action. FAILED_PRECONDITION names the file when it cannot be read or is too
// short.
absl::StatusOr<SecretString> ReadHashKey(const MaskingConfig& config, RandomSource& random);

}  // namespace countersign::masking
