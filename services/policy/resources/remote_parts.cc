#include "services/policy/resources/remote_parts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "services/policy/policy_errors.h"

namespace countersign::policy::resources {
namespace {

void SortUnique(std::vector<std::string>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

RemoteParts::Live* RemoteParts::Find(const RemotePart& part) {
  for (Live& live : live_) {
    if (live.part.get() == &part) return &live;
  }
  return nullptr;
}

void RemoteParts::Connect(std::shared_ptr<RemotePart> part) {
  const MutexLock lock(mutex_);
  if (closed_) part->Close();
  if (committed_ != nullptr) part->SendCommitted(committed_);
  Live live;
  live.part = std::move(part);
  live_.push_back(std::move(live));
}

void RemoteParts::Disconnect(const RemotePart& part) {
  const MutexLock lock(mutex_);
  live_.erase(std::remove_if(live_.begin(), live_.end(),
                             [&](const Live& live) { return live.part.get() == &part; }),
              live_.end());
  changed_.NotifyAll();
}

void RemoteParts::OnValidated(const RemotePart& part, std::uint64_t draft_id,
                              std::vector<std::string> mistakes) {
  const MutexLock lock(mutex_);
  Live* live = Find(part);
  if (live == nullptr || draft_id != draft_id_) return;  // an answer to an earlier draft
  live->mistakes = std::move(mistakes);
  changed_.NotifyAll();
}

void RemoteParts::OnServing(const RemotePart& part, std::uint64_t version) {
  const MutexLock lock(mutex_);
  Live* live = Find(part);
  if (live == nullptr) return;
  live->serving = version;
  changed_.NotifyAll();
}

void RemoteParts::OnExamined(const RemotePart& part, std::uint64_t examination_id,
                             std::vector<HealthCheck> checks, absl::Time now) {
  const MutexLock lock(mutex_);
  Live* live = Find(part);
  if (live == nullptr || examination_id != examination_id_ || clock_ == nullptr) return;
  live->examined = Examined{part.name(), true, std::move(checks), clock_->Now(), now};
  changed_.NotifyAll();
}

std::vector<RemoteParts::Examined> RemoteParts::Examine(const Clock& clock, absl::Duration timeout,
                                                        const std::function<void()>& meanwhile) {
  const absl::Time start = clock.Now();
  {
    const MutexLock lock(mutex_);
    ++examination_id_;
    clock_ = &clock;
    for (Live& live : live_) {
      live.examined.reset();
      if (live.part->can_be_examined()) live.part->SendExamination(examination_id_);
    }
  }
  meanwhile();
  const MutexLock lock(mutex_);
  const auto all_answered = [this]() CS_REQUIRES(mutex_) {
    return std::all_of(live_.begin(), live_.end(), [](const Live& live) {
      return live.examined.has_value() || !live.part->can_be_examined();
    });
  };
  changed_.WaitFor(mutex_, std::max(absl::ZeroDuration(), timeout - (clock.Now() - start)),
                   all_answered);
  std::vector<Examined> seen;
  for (Live& live : live_) {
    seen.push_back(live.examined
                       ? *std::move(live.examined)
                       : Examined{live.part->name(), live.part->can_be_examined(), std::nullopt,
                                  absl::InfinitePast(), absl::InfinitePast()});
    live.examined.reset();
  }
  clock_ = nullptr;
  return seen;
}

std::vector<std::string> RemoteParts::Unanswered() const {
  std::vector<std::string> names;
  for (const Live& live : live_) {
    if (live.asked && !live.mistakes.has_value()) names.push_back(live.part->name());
  }
  SortUnique(names);
  return names;
}

std::vector<std::string> RemoteParts::Lagging(std::uint64_t version) const {
  std::vector<std::string> names;
  for (const Live& live : live_) {
    if (live.serving < version) names.push_back(live.part->name());
  }
  SortUnique(names);
  return names;
}

absl::Status RemoteParts::Validate(std::shared_ptr<const domain::ResourceList> draft,
                                   absl::Duration timeout) {
  const MutexLock lock(mutex_);
  ++draft_id_;
  for (Live& live : live_) {
    live.asked = true;
    live.mistakes.reset();
    live.part->SendDraft(draft_id_, draft);
  }
  // A part that connects during validation is not asked: it gets the committed version, like any
  // part that starts later.
  changed_.WaitFor(mutex_, timeout, [this]() CS_REQUIRES(mutex_) { return Unanswered().empty(); });
  std::vector<std::string> mistakes;
  for (const Live& live : live_) {
    if (!live.mistakes.has_value()) continue;
    mistakes.insert(mistakes.end(), live.mistakes->begin(), live.mistakes->end());
  }
  const std::vector<std::string> unanswered = Unanswered();
  for (Live& live : live_) live.asked = false;
  if (!mistakes.empty()) {
    SortUnique(mistakes);  // several processes of one part report the same
    return InvalidResources(mistakes);
  }
  if (!unanswered.empty()) return PartsUnanswered(absl::StrJoin(unanswered, ", "));
  return absl::OkStatus();
}

void RemoteParts::Serve(std::shared_ptr<const domain::ResourceList> list) {
  const MutexLock lock(mutex_);
  committed_ = std::move(list);
  for (const Live& live : live_) live.part->SendCommitted(committed_);
}

std::vector<RemoteParts::ServingPart> RemoteParts::Serving() {
  const MutexLock lock(mutex_);
  std::vector<ServingPart> parts;
  for (const Live& live : live_) {
    parts.push_back({live.part->name(), live.serving, live.part->release()});
  }
  return parts;
}

void RemoteParts::Close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  for (const Live& live : live_) live.part->Close();
}

std::vector<std::string> RemoteParts::WaitServed(std::uint64_t version, absl::Duration timeout) {
  const MutexLock lock(mutex_);
  changed_.WaitFor(mutex_, timeout, [&]() CS_REQUIRES(mutex_) { return Lagging(version).empty(); });
  return Lagging(version);
}

}  // namespace countersign::policy::resources
