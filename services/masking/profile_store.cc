#include "services/masking/profile_store.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace countersign::masking {
namespace {

constexpr char kTier1[] = "tier1";
constexpr char kNone[] = "none";

}  // namespace

ProfileStore::ProfileStore(SecretString hash_key, const analysis::Analyzers* analyzers)
    : hash_key_(std::move(hash_key)), analyzers_(analyzers) {
  const auto nothing = CompileEntities({}).value();
  auto profiles = std::make_shared<Profiles>();
  (*profiles)[kNone] = {nothing, nothing};
  (*profiles)[kTier1] = {CompileEntities({kTier1}).value(), nothing};
  built_in_ = std::move(profiles);
  served_ = built_in_;
}

absl::StatusOr<CompiledProfile> ProfileStore::Find(absl::string_view name) const {
  std::shared_ptr<const Profiles> profiles;
  {
    const MutexLock lock(mutex_);
    profiles = served_;
  }
  const auto found = profiles->find(name);
  if (found == profiles->end()) {
    return WithReason(absl::NotFoundError(absl::StrCat("no masking profile '", name, "'")),
                      "masking_profile_unknown");
  }
  return found->second;
}

absl::StatusOr<std::shared_ptr<const ProfileStore::Profiles>> ProfileStore::CompileAll(
    const domain::ResourceSet& resources, bool is_draft) const {
  auto profiles = std::make_shared<Profiles>(*built_in_);
  std::vector<std::string> mistakes;
  for (const auto& [name, profile] : resources.masking_profiles) {
    auto compiled = CompileProfile(profile, resources.dictionaries, hash_key_);
    if (!compiled.ok()) {
      mistakes.emplace_back(compiled.status().message());
      continue;
    }
    for (auto* const wanted : {&compiled->response_analysis, &compiled->prompt_analysis}) {
      if (EnterAnalyzer(*wanted) || !is_draft) continue;
      mistakes.push_back(absl::StrCat("MaskingProfile/", name, ": analyzer '", (*wanted)->name,
                                      "' is not in masking's configuration"));
    }
    if (!profiles->emplace(name, *std::move(compiled)).second) {
      mistakes.push_back(
          absl::StrCat("MaskingProfile/", name, ": the name is that of a built-in profile"));
    }
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
  return std::shared_ptr<const Profiles>(std::move(profiles));
}

bool ProfileStore::EnterAnalyzer(std::shared_ptr<const analysis::Wanted>& wanted) const {
  if (wanted == nullptr) return true;
  auto entered = std::make_shared<analysis::Wanted>(*wanted);
  if (analyzers_ != nullptr) entered->analyzer = analyzers_->Find(wanted->name);
  wanted = entered;
  return entered->analyzer != nullptr;
}

absl::Status ProfileStore::Validate(const std::shared_ptr<const domain::ResourceSet>& draft) {
  CS_ASSIGN_OR_RETURN(auto profiles, CompileAll(*draft, true));
  prepared_ = {draft, std::move(profiles)};
  return absl::OkStatus();
}

absl::Status ProfileStore::Serve(std::shared_ptr<const domain::ResourceSet> set) {
  std::shared_ptr<const Profiles> profiles = std::move(prepared_.profiles);
  if (profiles == nullptr || prepared_.draft.lock() != set) {
    CS_ASSIGN_OR_RETURN(profiles, CompileAll(*set, false));
  }
  prepared_ = {};
  const MutexLock lock(mutex_);
  served_ = std::move(profiles);
  return absl::OkStatus();
}

}  // namespace countersign::masking
