#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"

namespace countersign::config {

// The content of `path` without one trailing newline. FAILED_PRECONDITION when it cannot be read,
// is empty, or is larger than 64 KiB.
absl::StatusOr<SecretString> ReadSecretFile(const std::string& path);

// The `size` random bytes stored in `path` as hex. A missing file is created with mode 0600;
// processes that start at once end up with the same bytes. FAILED_PRECONDITION when the file
// contains anything else: a key is never replaced.
absl::StatusOr<SecretString> LoadOrCreateSecret(const std::string& path, std::size_t size,
                                                RandomSource& random);

// Writes `secret` to a new file with mode 0600. ALREADY_EXISTS, without a change, when the file
// exists.
absl::Status CreateSecretFile(const std::string& path, const SecretString& secret);

}  // namespace countersign::config
