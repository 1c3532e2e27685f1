#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "libs/config/fields.h"
#include "services/session_recorder/session_recorder.h"

namespace countersign::session_recorder {

// Section `service:` of this service's configuration file.
struct SessionRecorderConfig {
  bool sole_recorder = false;                             // see LiveSessionsOptions
  absl::Duration checkpoint_interval = absl::Seconds(5);  // 1s … 1m
  std::vector<std::string> trusted_keys;                  // earlier public keys, base64url
  // Files, better on another machine's disk, in which the newest checkpoint is published.
  std::vector<std::string> checkpoint_files;
  // This recorder's own copy, in a folder that it may write to; empty: among its secrets.
  std::string newest_checkpoint_file;
  std::size_t auditor_threads = 4;  // 1 … 64; for auditors' requests

  // INVALID_ARGUMENT when a trusted key is malformed. `node` names this process.
  absl::StatusOr<RecorderOptions> Options(std::string node) const;
  // Where this recorder keeps its copy of the newest checkpoint. `secrets` is its folder of keys.
  std::string NewestCheckpointFile(const std::string& secrets) const;
};

// For config::SectionReader. Mistakes are reported through `section`.
SessionRecorderConfig ReadSessionRecorderConfig(
    config::Fields& section, const std::function<std::string(const std::string&)>& resolve);

}  // namespace countersign::session_recorder
