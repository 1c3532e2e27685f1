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

// The reader of an export, and the connections whose sessions it may read; absent: all.
struct ExportReader {
  std::string who;  // unique
  std::optional<std::set<std::string>> connections;
};

// Writes exports (export_format.h) a page at a time. An export is one snapshot, that of the
// checkpoint it forces at its beginning; between pages it is kept for an hour, or five
// minutes when too many are kept: where it is,
// 200 sessions and about 5 MiB of lines and events, however many sessions there are. Blocking;
// thread-safe.
class Exporter {
 public:
  Exporter(store::RecordStore& store, chain::KeyRing& keys, chain::Checkpointer& checkpointer,
           const Clock& clock, RandomSource& random);
  ~Exporter();

  struct Page {
    std::string bytes;            // concatenated, the pages are the file; whole UTF-8 characters
    std::string next_page_token;  // empty on the last page
  };

  // The first page. With `ids`: these sessions, up to their newest event; NOT_FOUND when one is
  // unknown, PERMISSION_DENIED when `reader` may not read its connection. Without `ids`: all ended
  // sessions; `reader` must then be allowed all connections. RESOURCE_EXHAUSTED when too many
  // exports are unfinished. UNAVAILABLE while approval's log cannot be read, which is part of every
  // export for readers of all connections.
  absl::StatusOr<Page> Begin(const std::vector<std::string>& ids, const ExportReader& reader);

  // The page of `token`; the newest page may be requested again. NOT_FOUND when the export is
  // finished or has timed out, and when another reader began it; PERMISSION_DENIED when `reader`
  // may no longer read all of it.
  absl::StatusOr<Page> Next(const std::string& token, const ExportReader& reader);

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
