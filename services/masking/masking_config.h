#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/config/fields.h"

namespace countersign::masking {

// `service:` of the configuration file of this service.
struct MaskingConfig {
  std::size_t large_text_threads = 2;  // 1 … 64: mask pieces of more than 64 KiB
  std::size_t large_text_queue = 256;  // 1 … 65536
  // At least 32 bytes that key the `hash` action, the same for all replicas. Absent: a random key
  // per process, so hashes compare only within one process's life.
  std::string hash_key_file;
};

// For config::SectionReader. Mistakes are reported through `section`.
MaskingConfig ReadMaskingConfig(config::Fields& section,
                                const std::function<std::string(const std::string&)>& resolve);

// The key of the `hash` action. FAILED_PRECONDITION, naming the file, when it cannot be read or is
// too short.
absl::StatusOr<SecretString> ReadHashKey(const MaskingConfig& config, RandomSource& random);

}  // namespace countersign::masking
