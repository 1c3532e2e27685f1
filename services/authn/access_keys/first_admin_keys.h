#pragma once

#include <string>

#include "libs/base/status.h"
#include "services/authn/access_keys/admin_key_file.h"
#include "services/authn/access_keys/initial_admin_key.h"

namespace countersign::authn::access_keys {

// Both ways in which an installation gets the built-in administrator's first key. Thread-safe.
class FirstAdminKeys {
 public:
  struct Files {        // either may be empty
    std::string write;  // AdminKeyFile
    std::string read;   // InitialAdminKey
  };
  FirstAdminKeys(const Files& files, KeyStore& store, const KeyHasher& hasher, const Clock& clock,
                 RandomSource& random)
      : written_(files.write, store, hasher, clock, random),
        initial_(files.read, store, hasher, clock, random) {}

  // Idempotent; call it again after an error.
  absl::Status Ensure() {
    CS_RETURN_IF_ERROR(initial_.Ensure());
    return written_.Ensure();
  }

 private:
  AdminKeyFile written_;
  InitialAdminKey initial_;
};

}  // namespace countersign::authn::access_keys
