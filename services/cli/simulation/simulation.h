#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_reader.h"
#include "services/cli/offline/offline_policy.h"
#include "services/cli/simulation/recorded_call.h"

namespace countersign::cli::simulation {

// What one call gets now, and what it would get.
struct Comparison {
  offline::OfflinePolicy::Decided was;
  offline::OfflinePolicy::Decided would_be;
  // "allow -> review", or what else differs at the same verdict: "allow: masking a -> b". Empty:
  // the call is treated as now.
  std::string change;
};

// Decides recorded calls by the resources that are live, and by these with a draft's in place of
// those of the same kind and name. Immutable, thread-safe.
class Simulation {
 public:
  // `live` are all of the gateway's resources. INVALID_ARGUMENT with every mistake of `draft`, each
  // on a line, as `validate` prints them.
  static absl::StatusOr<std::unique_ptr<Simulation>> Load(
      const std::vector<config::SourceFile>& live, const std::vector<config::SourceFile>& draft,
      const config::ExternalValues& values);

  // NOT_FOUND when the call's connection is gone; other errors are ReadPromptAgain's.
  absl::StatusOr<Comparison> Compare(const RecordedCall& call) const;

 private:
  Simulation() = default;
  std::string FindChange(const offline::OfflinePolicy::Decided& was,
                         const offline::OfflinePolicy::Decided& would_be) const;

  std::unique_ptr<offline::OfflinePolicy> live_;
  std::unique_ptr<offline::OfflinePolicy> drafted_;
  std::set<std::string> changed_profiles_;  // masking profiles with other rules or dictionaries
};

}  // namespace countersign::cli::simulation
