#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/mutex.h"
#include "libs/base/secret.h"
#include "libs/domain/resource_feed.h"
#include "services/masking/profile_compiler.h"

namespace countersign::masking {

// The compiled masking profiles of the served version of the resources. Thread-safe.
//
// `tier1` (the default detectors, on answers) and `none` always exist, also before any resources
// were served, and cannot be redefined. A draft with a bad profile is refused as a whole and
// changes nothing.
class ProfileStore final : public domain::ResourceWatcher {
 public:
  // `hash_key` is the key of the `hash` action. `analyzers`, if given, outlives the store and its
  // profiles. A draft may name no other analyzer; a profile that was committed before its analyzer
  // was removed from the configuration is served, and its calls are refused.
  explicit ProfileStore(SecretString hash_key, const analysis::Analyzers* analyzers = nullptr);

  // NOT_FOUND `masking_profile_unknown` when there is no such profile.
  absl::StatusOr<CompiledProfile> Find(absl::string_view name) const;

  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

 private:
  using Profiles = std::map<std::string, CompiledProfile, std::less<>>;
  absl::StatusOr<std::shared_ptr<const Profiles>> CompileAll(const domain::ResourceSet& resources,
                                                             bool is_draft) const;
  // Enters the analyzer that `wanted` names; false when this process has none of the name.
  bool EnterAnalyzer(std::shared_ptr<const analysis::Wanted>& wanted) const;

  // The last draft that Validate compiled, so that Serve of the same draft need not compile it
  // again. Used by the feed's thread only.
  struct Prepared {
    std::weak_ptr<const domain::ResourceSet> draft;
    std::shared_ptr<const Profiles> profiles;
  };

  const SecretString hash_key_;
  const analysis::Analyzers* const analyzers_;
  std::shared_ptr<const Profiles> built_in_;
  Prepared prepared_;
  mutable Mutex mutex_;
  std::shared_ptr<const Profiles> served_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::masking
