#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/async/periodic_task.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/config/resource_reader.h"
#include "libs/domain/credential_sealer.h"
#include "libs/domain/resource_feed.h"
#include "services/policy/resources/remote_parts.h"
#include "services/policy/resources/resource_store.h"

namespace countersign::policy::resources {

struct ApplyCommand {
  std::vector<config::SourceFile> files;
  config::ExternalValues values;
  bool dry_run = false;
  bool no_wait = false;
  std::string author;  // the user, for the history
};

struct ApplyItem {
  std::string kind;
  std::string name;
  std::string result;  // created | configured | unchanged
  std::string before;  // canonical JSON of the spec, Credentials withheld; empty when there is none
  std::string after;
};

struct ApplyOutcome {
  std::uint64_t version = 0;
  std::vector<ApplyItem> items;          // in the order of the files
  std::vector<std::string> waiting_for;  // live parts that did not serve `version` in time
};

struct DeleteOutcome {
  std::uint64_t version = 0;
  std::vector<std::string> waiting_for;
};

// The version of the resources that a part serves.
struct PartStatus {
  std::string name;
  enum class State { kAway, kLagging, kServing } state = State::kAway;
  std::uint64_t version = 0;  // the served version; 0: none
  std::string release;        // of its program; empty: unknown
};

struct PartsReport {
  std::uint64_t version = 0;      // the current one
  std::vector<PartStatus> parts;  // by name; one entry per process
};

struct HubOptions {
  absl::Duration validate_timeout = absl::Seconds(30);  // for remote parts to answer a draft
  absl::Duration serve_timeout =
      absl::Seconds(10);  // for remote parts to serve a committed version
  absl::Duration seal_timeout = absl::Seconds(5);
  absl::Duration poll_interval = absl::Seconds(1);  // for commits of other replicas
  // Applied to an empty store, so that somebody is an administrator and can apply the rest.
  std::vector<config::SourceFile> initial;
  std::shared_ptr<async::Pause> poll_pause;  // between two polls; null: by the steady clock
  // Called with the number of outdated patterns (config::FindRefusedEdges) of each version that is
  // served. May be null.
  std::function<void(std::size_t)> on_outdated_patterns;
};

// Owns the resources: reads what users apply, lets every part validate it, stores it, and waits
// until every part serves it. Parts in this process attach as watchers, parts in others through
// `remote_parts()`.
//
// A change is atomic: it is committed only when every reference resolves and every live part has
// accepted it as a draft; until then the old version is served everywhere. While the store cannot
// be reached the last good version is served, and changes are UNAVAILABLE.
//
// Apply, Delete and Refresh block: never call them on a network thread. Thread-safe.
class ResourceHub final : public domain::ResourceFeed {
 public:
  ResourceHub(ResourceStore& store, domain::CredentialSealer& sealer, const Clock& clock,
              HubOptions options = {});
  ~ResourceHub() override;
  ResourceHub(const ResourceHub&) = delete;
  ResourceHub& operator=(const ResourceHub&) = delete;

  // Loads and serves the stored version, or the initial resources if the store is empty, and starts
  // to poll the store for newer versions. Returns the error of the first load, which is retried
  // every poll_interval, so a program may continue after UNAVAILABLE.
  absl::Status Start();

  // Serves the current version, if there is one, to `watcher` before it returns.
  void Attach(const std::string& part, domain::ResourceWatcher& watcher) override;

  // A dry run needs no secrets: a Credential whose value is missing counts as unchanged where one
  // is stored. INVALID_ARGUMENT lists every mistake. UNAVAILABLE when the store, authn or a service
  // that must validate the draft does not answer: nothing was changed. UNKNOWN when the connection
  // to the store broke during the commit.
  absl::StatusOr<ApplyOutcome> Apply(const ApplyCommand& command);

  // NOT_FOUND; FAILED_PRECONDITION (resource_in_use) names the resources that refer to it.
  absl::StatusOr<DeleteOutcome> Delete(const std::string& kind, const std::string& name,
                                       bool no_wait, const std::string& author);

  // The served version. UNAVAILABLE before the first one. A Credential's spec is the sealed one:
  // use WithheldSpec to show it.
  absl::StatusOr<std::shared_ptr<const domain::ResourceList>> Current() const;

  // The version that every part serves: parts in this process, in others, and expected parts that
  // are missing. Blocks while a change is validated.
  absl::StatusOr<PartsReport> ListParts();

  // Serves the store's version if it differs from the served one; offers the current one again to
  // watchers that could not serve it.
  absl::Status Refresh();

  RemoteParts& remote_parts() { return remote_parts_; }

 private:
  struct LocalPart {
    std::string name;
    domain::ResourceWatcher* watcher = nullptr;
    bool serving = false;       // the current version
    std::uint64_t version = 0;  // the last one that it served
  };
  struct Draft;

  absl::StatusOr<Draft> MakeDraft(const std::vector<config::SourcedResource>& resources) const;
  absl::Status SealCredentials(std::vector<config::SourcedResource>& resources) const;
  absl::StatusOr<std::string> Seal(config::SourcedResource& credential,
                                   const domain::Resource* stored) const;
  absl::Status Validate(const Draft& draft) CS_REQUIRES(change_mutex_);
  absl::StatusOr<std::uint64_t> Commit(Draft draft, const std::string& author)
      CS_REQUIRES(change_mutex_);
  absl::Status RefreshLocked() CS_REQUIRES(change_mutex_);
  void ServeLocked() CS_REQUIRES(change_mutex_);
  void ReportOutdated() const CS_REQUIRES(change_mutex_);
  std::vector<std::string> WaitUntilServed(std::uint64_t version, bool no_wait);
  std::vector<std::string> LaggingLocals();
  absl::Status PollStore();

  ResourceStore& store_;
  domain::CredentialSealer& sealer_;
  const Clock& clock_;
  const HubOptions options_;
  RemoteParts remote_parts_;

  // Held during a whole change, so that a draft is validated against the version that it will
  // replace. It also ensures that watchers are called from one thread at a time.
  Mutex change_mutex_;
  std::vector<LocalPart> locals_ CS_GUARDED_BY(change_mutex_);
  std::shared_ptr<const domain::ResourceSet> typed_ CS_GUARDED_BY(change_mutex_);

  mutable Mutex current_mutex_;
  std::shared_ptr<const domain::ResourceList> current_ CS_GUARDED_BY(current_mutex_);

  std::unique_ptr<async::PeriodicTask> poller_;  // last: its thread uses all of the above
};

// The spec of a stored resource as canonical JSON; for a Credential, a note that it is withheld.
std::string WithheldSpec(const domain::Resource& resource);

}  // namespace countersign::policy::resources
