#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "libs/config/fields.h"
#include "services/session_recorder/session_recorder.h"

namespace countersign::session_recorder {

// What only this service knows: `service:` of its configuration file.
struct SessionRecorderConfig {
  bool sole_recorder = false;  // true: no other recorder ever writes to the database
  absl::Duration checkpoint_interval = absl::Seconds(5);  // 1s … 1m
  std::vector<std::string> trusted_keys;  // public keys that signed before, base64url
  std::size_t auditor_threads = 4;        // 1 … 64: for what auditors ask

  // INVALID_ARGUMENT when a trusted key is none. `node` names this process.
  absl::StatusOr<RecorderOptions> Options(std::string node) const;
};

// For config::SectionReader. Mistakes are reported through `section`.
SessionRecorderConfig ReadSessionRecorderConfig(config::Fields& section);

}  // namespace countersign::session_recorder
