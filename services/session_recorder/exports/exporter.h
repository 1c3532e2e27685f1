#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/base/random.h"
#include "services/session_recorder/chain/checkpointer.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::exports {

// Writes exports (export_format.h) a page at a time. An export is one snapshot, that of the
// checkpoint it forces at its beginning; between pages it is kept in memory (a few bytes per
// session) for five minutes. Blocking; thread-safe.
class Exporter {
 public:
  Exporter(store::RecordStore& store, chain::KeyRing& keys, chain::Checkpointer& checkpointer,
           const Clock& clock, RandomSource& random);
  ~Exporter();

  struct Page {
    std::string bytes;            // the pages joined are the file; a character is never cut
    std::string next_page_token;  // empty: this was the last
  };

  // The first page. With `ids`: of these sessions, as far as they have come; NOT_FOUND when one is
  // unknown, PERMISSION_DENIED when it is of a connection outside of `connections`. Without: of all
  // that have ended, for which `connections` must be absent. RESOURCE_EXHAUSTED when too many
  // exports are going on.
  absl::StatusOr<Page> Begin(const std::vector<std::string>& ids,
                             const std::optional<std::set<std::string>>& connections);

  // The page that `token` stands for; the newest one may be asked for again. NOT_FOUND when the
  // export is over or was given up.
  absl::StatusOr<Page> Next(const std::string& token);

 private:
  class Job;
  absl::StatusOr<Page> Turn(const std::string& id, Job& job);

  store::RecordStore& store_;
  chain::KeyRing& keys_;
  chain::Checkpointer& checkpointer_;
  const Clock& clock_;
  RandomSource& random_;

  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Job>> jobs_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::session_recorder::exports
