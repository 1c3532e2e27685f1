#pragma once

#include <memory>
#include <string>

#include "libs/base/thread_pool.h"
#include "libs/domain/masker.h"
#include "services/masking/masking_metrics.h"
#include "services/masking/profile_store.h"

namespace countersign::masking {

// The Masker of this process: one redaction stream per field, with the rules that the profile had
// when the stream was opened. Open and Feed call `done` before they return, except for more than 64
// KiB of pieces, which are masked on `pool` (RESOURCE_EXHAUSTED `overloaded` when its queue is
// full), and except where the profile has an analyzer, which is asked first (UNAVAILABLE
// `analyzer_failed`). The constructor's arguments must outlive the masker and its streams.
class LocalMasker final : public domain::Masker {
 public:
  LocalMasker(const ProfileStore& profiles, ThreadPool& pool, MaskingMetrics& metrics);

  void Open(const domain::Call& call, domain::MaskStreamOptions options, absl::Time deadline,
            domain::Done<std::unique_ptr<domain::MaskStream>> done) override;

 private:
  const ProfileStore& profiles_;
  ThreadPool& pool_;
  MaskingMetrics& metrics_;
};

}  // namespace countersign::masking
