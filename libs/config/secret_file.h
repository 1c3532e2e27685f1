#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"

namespace countersign::config {

// The whole content of `path`, one trailing newline removed. FAILED_PRECONDITION when it cannot be
// read, is empty, or is larger than 64 KiB.
absl::StatusOr<SecretString> ReadSecretFile(const std::string& path);

// The `size` random bytes kept in `path` as hex; made on first use, with mode 0600, so that two
// processes that start at once end up with the same ones. FAILED_PRECONDITION when the file exists
// and holds anything else: a key is never replaced.
absl::StatusOr<SecretString> LoadOrCreateSecret(const std::string& path, std::size_t size,
                                                RandomSource& random);

// Keeps `secret` in `path` with mode 0600. ALREADY_EXISTS, and nothing written, when there is a
// file.
absl::Status CreateSecretFile(const std::string& path, const SecretString& secret);

}  // namespace countersign::config
