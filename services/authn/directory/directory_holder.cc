#include "services/authn/directory/directory_holder.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace countersign::authn::directory {

std::shared_ptr<const Directory> DirectoryHolder::Current() const {
  const MutexLock lock(mutex_);
  return current_;
}

absl::Status DirectoryHolder::Validate(const std::shared_ptr<const domain::ResourceSet>& draft) {
  std::vector<std::string> mistakes;
  const absl::Status compiled = Directory::Compile(draft).status();
  if (!compiled.ok()) mistakes.emplace_back(compiled.message());
  for (const auto& [name, credential] : draft->credentials) {
    const absl::Status opened = vault_.Open(name, credential.sealed).status();
    if (!opened.ok()) mistakes.push_back(absl::StrCat("Credential/", name, ": ", opened.message()));
  }
  if (mistakes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
}

absl::Status DirectoryHolder::Serve(std::shared_ptr<const domain::ResourceSet> set) {
  CS_ASSIGN_OR_RETURN(auto directory, Directory::Compile(std::move(set)));
  {
    const MutexLock lock(mutex_);
    current_ = std::move(directory);
  }
  // A cache that does not answer in time treats itself as empty.
  (void)revocations_.PublishAndWait();
  return absl::OkStatus();
}

}  // namespace countersign::authn::directory
