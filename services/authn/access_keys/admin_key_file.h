#pragma once

#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::authn::access_keys {

// The file that hands an installation's first key to whoever installed it: the built-in
// administrator's key and a newline, mode 0600. Thread-safe. What it is given must outlive it.
class AdminKeyFile {
 public:
  AdminKeyFile(std::string path, KeyStore& store, const KeyHasher& hasher, const Clock& clock,
               RandomSource& random)
      : path_(std::move(path)), store_(store), hasher_(hasher), clock_(clock), random_(random) {}

  // Makes a key and writes the file, unless there is one already. Blocking. To be called again
  // after an error, such as UNAVAILABLE while the store is; does nothing after a success, nor when
  // `path` is empty.
  absl::Status Ensure();

 private:
  const std::string path_;
  KeyStore& store_;
  const KeyHasher& hasher_;
  const Clock& clock_;
  RandomSource& random_;
  std::mutex mutex_;
  bool ensured_ = false;
};

}  // namespace countersign::authn::access_keys
