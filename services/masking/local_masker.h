#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "libs/base/thread_pool.h"
#include "libs/domain/masker.h"
#include "services/masking/profile_store.h"

namespace countersign::masking {

// The Masker of this process. Answers before Open and Feed return, except for large pieces, which
// are masked on `pool`. `profiles` and `pool` outlive it and its streams.
class LocalMasker final : public domain::Masker {
 public:
  LocalMasker(const ProfileStore& profiles, ThreadPool& pool);

  void Open(const domain::Call& call, const std::string& profile, const std::string& connection,
            domain::Direction direction, absl::Time deadline,
            domain::Done<std::unique_ptr<domain::MaskStream>> done) override;

 private:
  const ProfileStore& profiles_;
  ThreadPool& pool_;
};

}  // namespace countersign::masking
