#include "services/policy/resources/resource_hub.h"

#include <algorithm>
#include <future>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/build_version.h"
#include "libs/base/status.h"
#include "libs/config/source_lines.h"
#include "libs/json/document.h"
#include "libs/log/log.h"
#include "services/policy/policy_errors.h"

namespace countersign::policy::resources {
namespace {

constexpr absl::string_view kCredential = "Credential";
// The parts that serve resources.
constexpr absl::string_view kParts[] = {"approval", "authn", "edge", "masking", "policy"};
// For a missing value in a dry run.
constexpr char kStandInSpec[] = R"({"bearer":{"inline":"placeholder"}})";
constexpr int kMaxAttempts = 5;  // when other replicas commit at the same time

using Key = std::pair<std::string, std::string>;  // kind, name

const domain::Resource* Find(const domain::ResourceList& set, absl::string_view kind,
                             absl::string_view name) {
  for (const domain::Resource& resource : set.resources) {
    if (resource.kind == kind && resource.name == name) return &resource;
  }
  return nullptr;
}

// The spec that history keeps for a replaced Credential.
std::string ErasedSpec() { return config::SealedSpec("erased"); }

// The sealed text in a stored Credential.
std::string SealedText(const domain::Resource& credential) {
  const auto spec = json::Document::Parse(credential.spec);
  return spec.ok() ? std::string(spec->root()["sealed"].text()) : std::string();
}

// Mistakes in a draft name the resource; adds file and line if the resource was just read.
absl::Status WithSources(const absl::Status& status,
                         const std::vector<config::SourcedResource>& resources) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  const std::vector<std::string> lines = absl::StrSplit(status.message(), '\n');
  return InvalidResources(config::WithSourceLines(lines, resources));
}

absl::Status NothingToKeep(const config::SourcedResource& source) {
  return InvalidResources({absl::StrCat(
      source.source, ": Credential/", source.resource.name,
      ": spec.sealed: there is no stored value to keep; give bearer, header, basic or mtls")});
}

// Who refers to what is missing, of mistakes that read "Policy/p: spec.then.masking: there is no
// …": "Policy/p (spec.then.masking)".
std::vector<std::string> UsersIn(absl::string_view mistakes) {
  std::vector<std::string> users;
  for (absl::string_view line : absl::StrSplit(mistakes, '\n')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(": ", 2));
    users.push_back(parts.size() == 3 ? absl::StrCat(parts[0], " (", parts[1], ")")
                                      : std::string(line));
  }
  return users;
}

}  // namespace

// A resource set that is not committed yet.
struct ResourceHub::Draft {
  std::shared_ptr<domain::ResourceList> stored;
  std::shared_ptr<const domain::ResourceSet> typed;
  std::vector<ResourceChange> changes;  // relative to the served version
  std::vector<ApplyItem> items;
};

std::string WithheldSpec(const domain::Resource& resource) {
  return resource.kind == kCredential ? config::SealedSpec(config::kWithheld) : resource.spec;
}

ResourceHub::ResourceHub(ResourceStore& store, domain::CredentialSealer& sealer, const Clock& clock,
                         HubOptions options)
    : store_(store), sealer_(sealer), clock_(clock), options_(std::move(options)) {}

ResourceHub::~ResourceHub() = default;

absl::Status ResourceHub::Start() {
  const absl::Status first = PollStore();
  async::PeriodicTask::Work poll;
  poll.run = [this] { return PollStore(); };
  poll.on_change = [](const absl::Status& status) {
    if (status.ok()) {
      log::Info("resources refreshed again");
    } else {
      log::Warning("resources not refreshed", {{"error", status}});
    }
  };
  poller_ = std::make_unique<async::PeriodicTask>(options_.poll_interval, std::move(poll),
                                                  async::PeriodicTask::First::kAfterInterval,
                                                  options_.poll_pause);
  return first;
}

absl::Status ResourceHub::PollStore() {
  CS_RETURN_IF_ERROR(Refresh());
  CS_ASSIGN_OR_RETURN(const auto current, Current());
  if (current->version != 0 || options_.initial.empty()) return absl::OkStatus();
  ApplyCommand command;
  command.files = options_.initial;
  command.no_wait = true;
  command.author = "initial resources";
  return Apply(command).status();
}

void ResourceHub::Attach(const std::string& part, domain::ResourceWatcher& watcher) {
  const MutexLock lock(change_mutex_);
  LocalPart local{part, &watcher, false, 0};
  if (typed_ != nullptr) {
    const absl::Status served = watcher.Serve(typed_);
    local.serving = served.ok();
    if (served.ok()) local.version = typed_->version;
    if (!served.ok()) {
      log::Error("resources not served", {{"part", part}, {"error", served}});
    }
  }
  locals_.push_back(local);
}

absl::StatusOr<std::shared_ptr<const domain::ResourceList>> ResourceHub::Current() const {
  const MutexLock lock(current_mutex_);
  if (current_ == nullptr) return NotLoaded();
  return current_;
}

absl::Status ResourceHub::Refresh() {
  const MutexLock lock(change_mutex_);
  return RefreshLocked();
}

absl::Status ResourceHub::RefreshLocked() {
  CS_ASSIGN_OR_RETURN(const std::uint64_t version, store_.Version());
  const auto current = Current();
  if (!current.ok() || (*current)->version != version) {
    CS_ASSIGN_OR_RETURN(domain::ResourceList loaded, store_.Load());
    // Stored resources were validated when committed, so this fails only for a version written by a
    // newer program; the last good version stays.
    CS_ASSIGN_OR_RETURN(typed_, config::BuildResourceSet(loaded));
    auto shared = std::make_shared<const domain::ResourceList>(std::move(loaded));
    {
      const MutexLock current_lock(current_mutex_);
      current_ = shared;
    }
    for (LocalPart& local : locals_) local.serving = false;
    ReportOutdated();
    remote_parts_.Serve(std::move(shared));
  }
  ServeLocked();
  return absl::OkStatus();
}

// An earlier version of this program accepted these patterns. They keep their meaning, because no
// part would serve anything if they were refused.
void ResourceHub::ReportOutdated() const {
  const std::vector<config::RefusedEdges> outdated = config::FindRefusedEdges(*typed_);
  for (const config::RefusedEdges& pattern : outdated) {
    log::Warning("a stored pattern has word edges that are refused now: it matches as before",
                 {{"resource", pattern.resource}, {"path", pattern.path}, {"error", pattern.why}});
  }
  if (options_.on_outdated_patterns) options_.on_outdated_patterns(outdated.size());
}

void ResourceHub::ServeLocked() {
  for (LocalPart& local : locals_) {
    if (local.serving) continue;
    const absl::Status served = local.watcher->Serve(typed_);
    local.serving = served.ok();
    if (served.ok()) local.version = typed_->version;
    if (!served.ok()) {
      log::Error("resources not served", {{"part", local.name}, {"error", served}});
    }
  }
}

absl::StatusOr<std::string> ResourceHub::Seal(config::SourcedResource& credential,
                                              const domain::Resource* stored) const {
  // On the heap, because an answer may arrive after the wait has timed out.
  auto answer = std::make_shared<std::promise<absl::StatusOr<std::string>>>();
  std::future<absl::StatusOr<std::string>> sealed = answer->get_future();
  sealer_.Seal(credential.resource.name, std::exchange(credential.secret_spec, {}),
               stored != nullptr ? SealedText(*stored) : "", clock_.Now() + options_.seal_timeout,
               [answer](absl::StatusOr<std::string> text) { answer->set_value(std::move(text)); });
  return sealed.get();
}

absl::Status ResourceHub::SealCredentials(std::vector<config::SourcedResource>& resources) const {
  CS_ASSIGN_OR_RETURN(const auto current, Current());
  for (config::SourcedResource& source : resources) {
    domain::Resource& resource = source.resource;
    if (resource.kind != kCredential) continue;
    const domain::Resource* const stored = Find(*current, kCredential, resource.name);
    const bool is_missing = !source.missing_secrets.empty();
    if (source.secret_spec.empty() || (is_missing && stored != nullptr)) {
      resource.spec.clear();  // MakeDraft keeps what is stored
      continue;
    }
    if (is_missing) source.secret_spec = SecretString(kStandInSpec);
    const absl::StatusOr<std::string> sealed = Seal(source, stored);
    if (!sealed.ok()) {
      return Annotate(sealed.status(), absl::StrCat(source.source, ": Credential/", resource.name));
    }
    resource.spec = config::SealedSpec(*sealed);
  }
  return absl::OkStatus();
}

absl::StatusOr<ResourceHub::Draft> ResourceHub::MakeDraft(
    const std::vector<config::SourcedResource>& resources) const {
  CS_ASSIGN_OR_RETURN(const auto current, Current());
  Draft draft;
  std::map<Key, domain::Resource> merged;
  for (const domain::Resource& stored : current->resources) {
    merged[Key(stored.kind, stored.name)] = stored;
  }
  const std::uint64_t next = current->version + 1;
  for (const config::SourcedResource& source : resources) {
    domain::Resource wanted = source.resource;
    domain::Resource& slot = merged[Key(wanted.kind, wanted.name)];
    ApplyItem item{wanted.kind, wanted.name, "unchanged", "", ""};
    const bool exists = slot.version != 0;
    if (wanted.kind == kCredential && wanted.spec.empty()) {
      if (!exists) return NothingToKeep(source);
      wanted.spec = slot.spec;
    }
    if (exists) item.before = WithheldSpec(slot);
    if (!exists || slot.spec != wanted.spec || slot.labels != wanted.labels) {
      item.result = exists ? "configured" : "created";
      ResourceChange change{wanted.kind, wanted.name, wanted.spec, wanted.labels, ""};
      if (exists && wanted.kind == kCredential) change.replaced_spec = ErasedSpec();
      draft.changes.push_back(std::move(change));
      const std::uint64_t created = exists ? slot.created_version : next;
      slot = wanted;
      slot.version = next;
      slot.created_version = created;
      slot.updated_at = clock_.Now();
    }
    item.after = WithheldSpec(slot);
    draft.items.push_back(std::move(item));
  }
  draft.stored = std::make_shared<domain::ResourceList>();
  draft.stored->version = next;
  for (auto& [key, resource] : merged) draft.stored->resources.push_back(std::move(resource));
  auto typed = config::BuildResourceSet(*draft.stored);
  if (!typed.ok()) return WithSources(typed.status(), resources);
  draft.typed = *std::move(typed);
  return draft;
}

absl::Status ResourceHub::Validate(const Draft& draft) {
  std::vector<std::string> mistakes;
  for (const LocalPart& local : locals_) {
    const absl::Status valid = local.watcher->Validate(draft.typed);
    if (valid.ok()) continue;
    if (valid.code() != absl::StatusCode::kInvalidArgument) return Annotate(valid, local.name);
    for (absl::string_view line : absl::StrSplit(valid.message(), '\n')) {
      mistakes.emplace_back(line);
    }
  }
  if (!mistakes.empty()) return InvalidResources(mistakes);
  return remote_parts_.Validate(draft.stored, options_.validate_timeout);
}

absl::StatusOr<std::uint64_t> ResourceHub::Commit(Draft draft, const std::string& author) {
  const std::uint64_t expected = draft.stored->version - 1;
  CS_ASSIGN_OR_RETURN(const Committed committed, store_.Commit(expected, draft.changes, author));
  // The version exists from here on, even if this process dies.
  for (domain::Resource& resource : draft.stored->resources) {
    if (resource.version == committed.version) resource.updated_at = committed.at;
  }
  typed_ = std::move(draft.typed);
  {
    const MutexLock lock(current_mutex_);
    current_ = draft.stored;
  }
  for (LocalPart& local : locals_) local.serving = false;
  ReportOutdated();
  remote_parts_.Serve(draft.stored);
  ServeLocked();
  log::Info("resources changed",
            {{"version", committed.version}, {"count", std::uint64_t{draft.changes.size()}}});
  return committed.version;
}

absl::StatusOr<PartsReport> ResourceHub::ListParts() {
  CS_ASSIGN_OR_RETURN(const auto current, Current());
  PartsReport report;
  report.version = current->version;
  const auto add = [&](const std::string& name, std::uint64_t version, std::string release) {
    const bool serving = version >= report.version;
    report.parts.push_back({name,
                            serving ? PartStatus::State::kServing : PartStatus::State::kLagging,
                            version, std::move(release)});
  };
  {
    const MutexLock lock(change_mutex_);
    for (const LocalPart& local : locals_)
      add(local.name, local.version, std::string(BuildVersion()));
  }
  for (const RemoteParts::ServingPart& part : remote_parts_.Serving()) {
    add(part.name, part.version, part.release);
  }
  for (const absl::string_view name : kParts) {
    const bool known = std::any_of(report.parts.begin(), report.parts.end(),
                                   [&](const PartStatus& part) { return part.name == name; });
    if (!known) report.parts.push_back({std::string(name), PartStatus::State::kAway, 0, ""});
  }
  std::stable_sort(report.parts.begin(), report.parts.end(),
                   [](const PartStatus& a, const PartStatus& b) { return a.name < b.name; });
  return report;
}

std::vector<std::string> ResourceHub::LaggingLocals() {
  const MutexLock lock(change_mutex_);
  std::vector<std::string> names;
  for (const LocalPart& local : locals_) {
    if (!local.serving) names.push_back(local.name);
  }
  return names;
}

std::vector<std::string> ResourceHub::WaitUntilServed(std::uint64_t version, bool no_wait) {
  const absl::Duration timeout = no_wait ? absl::ZeroDuration() : options_.serve_timeout;
  std::vector<std::string> waiting = remote_parts_.WaitServed(version, timeout);
  for (std::string& name : LaggingLocals()) waiting.push_back(std::move(name));
  return waiting;
}

absl::StatusOr<ApplyOutcome> ResourceHub::Apply(const ApplyCommand& command) {
  ApplyOutcome outcome;
  {
    const MutexLock lock(change_mutex_);
    CS_RETURN_IF_ERROR(RefreshLocked());  // includes what another replica has just committed
    auto read = config::ReadResources(
        command.files, command.values,
        command.dry_run ? config::Secrets::kMayBeMissing : config::Secrets::kRequired);
    if (!read.ok()) return WithReason(read.status(), "invalid_resource");
    CS_RETURN_IF_ERROR(SealCredentials(*read));
    for (int attempt = 1;; ++attempt) {
      CS_ASSIGN_OR_RETURN(Draft draft, MakeDraft(*read));
      outcome.items = draft.items;
      outcome.version = draft.stored->version - 1;
      if (draft.changes.empty()) break;
      if (const absl::Status valid = Validate(draft); !valid.ok()) return WithSources(valid, *read);
      if (command.dry_run) return outcome;
      const auto version = Commit(std::move(draft), command.author);
      if (version.ok()) {
        outcome.version = *version;
        break;
      }
      if (!absl::IsAborted(version.status()) || attempt == kMaxAttempts) return version.status();
      CS_RETURN_IF_ERROR(RefreshLocked());
    }
  }
  // Without the lock, so that a slow part does not delay other changes.
  outcome.waiting_for = WaitUntilServed(outcome.version, command.no_wait || command.dry_run);
  return outcome;
}

absl::StatusOr<DeleteOutcome> ResourceHub::Delete(const std::string& kind, const std::string& name,
                                                  bool no_wait, const std::string& author) {
  DeleteOutcome outcome;
  {
    const MutexLock lock(change_mutex_);
    CS_RETURN_IF_ERROR(RefreshLocked());
    CS_ASSIGN_OR_RETURN(const auto current, Current());
    if (Find(*current, kind, name) == nullptr) return NoSuchResource(kind, name);
    Draft draft;
    draft.stored = std::make_shared<domain::ResourceList>(*current);
    draft.stored->version = current->version + 1;
    auto& resources = draft.stored->resources;
    resources.erase(std::remove_if(resources.begin(), resources.end(),
                                   [&](const domain::Resource& resource) {
                                     return resource.kind == kind && resource.name == name;
                                   }),
                    resources.end());
    auto typed = config::BuildResourceSet(*draft.stored);
    if (!typed.ok()) return InUse(kind, name, UsersIn(typed.status().message()));
    draft.typed = *std::move(typed);
    draft.changes.push_back({kind, name, "", {}, kind == kCredential ? ErasedSpec() : ""});
    CS_RETURN_IF_ERROR(Validate(draft));
    CS_ASSIGN_OR_RETURN(outcome.version, Commit(std::move(draft), author));
  }
  outcome.waiting_for = WaitUntilServed(outcome.version, no_wait);
  return outcome;
}

}  // namespace countersign::policy::resources
