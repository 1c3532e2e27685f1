#include "services/session_recorder/session_recorder_config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"

namespace countersign::session_recorder {

absl::StatusOr<RecorderOptions> SessionRecorderConfig::Options(std::string node) const {
  RecorderOptions options;
  options.sessions.node = std::move(node);
  options.sessions.sole_recorder = sole_recorder;
  options.checkpoints.interval = checkpoint_interval;
  for (const std::string& text : trusted_keys) {
    auto key = Base64UrlDecode(text);
    if (!key.ok() || key->size() != 32) {
      return absl::InvalidArgumentError(
          absl::StrCat("service.trustedKeys: \"", text, "\" is not a public key"));
    }
    options.checkpoints.trusted_keys.push_back(*std::move(key));
  }
  return options;
}

std::string SessionRecorderConfig::NewestCheckpointFile(const std::string& secrets) const {
  if (!newest_checkpoint_file.empty()) return newest_checkpoint_file;
  return absl::StrCat(secrets, "/checkpoint.newest");
}

SessionRecorderConfig ReadSessionRecorderConfig(
    config::Fields& section, const std::function<std::string(const std::string&)>& resolve) {
  SessionRecorderConfig config;
  config.sole_recorder = section.Bool("soleRecorder", config.sole_recorder);
  config.checkpoint_interval = section.Duration("checkpointInterval", config.checkpoint_interval,
                                                absl::Seconds(1), absl::Minutes(1));
  config.trusted_keys = section.Strings("trustedKeys");
  for (const std::string& file : section.Strings("checkpointFiles")) {
    config.checkpoint_files.push_back(resolve(file));
  }
  const std::string newest = section.String("newestCheckpointFile");
  if (!newest.empty()) config.newest_checkpoint_file = resolve(newest);
  config.auditor_threads = static_cast<std::size_t>(
      section.Integer("auditorThreads", static_cast<std::int64_t>(config.auditor_threads), 1, 64));
  return config;
}

}  // namespace countersign::session_recorder
