#include "services/policy/rules/rule_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "libs/base/glob.h"

namespace countersign::policy::rules {
namespace {

// A prefix per so many entries at the least, and so many prefixes at the most.
constexpr std::size_t kLeastStride = 64;
constexpr std::size_t kMostPrefixes = 128;

}  // namespace

void ValueIndex::Add(std::size_t place, const std::vector<std::string>& values) {
  if (values.empty()) unlimited_.Add(place);
  for (const std::string& value : values) by_value_[value].Add(place);
}

void ValueIndex::Finish(std::size_t policies) {
  policies_ = policies;
  unlimited_.Finish(policies);
  for (auto& [value, posting] : by_value_) posting.Finish(policies);
}

void ValueIndex::Narrow(const std::vector<absl::string_view>& values, PolicyBits& bits) const {
  if (by_value_.empty()) return;
  PolicyBits fitting(policies_);
  unlimited_.JoinTo(fitting);
  for (const absl::string_view value : values) {
    const auto found = by_value_.find(value);
    if (found != by_value_.end()) found->second.JoinTo(fitting);
  }
  bits.Keep(fitting);
}

void GlobIndex::Add(std::size_t place, const std::vector<std::string>& globs) {
  if (globs.empty()) unlimited_.Add(place);
  for (const std::string& glob : globs) by_glob_[glob].Add(place);
}

void GlobIndex::Finish(std::size_t policies) {
  policies_ = policies;
  unlimited_.Finish(policies);
  for (auto& entry : by_glob_) {
    const std::string& glob = entry.first;
    entry.second.Finish(policies);
    const std::size_t prefix = std::min(glob.find_first_of("*?"), glob.size());
    const bool has_prefix = prefix > 0 || glob.empty();
    Buckets& buckets = has_prefix ? by_prefix_ : by_suffix_;
    const std::string literal =
        has_prefix ? glob.substr(0, prefix) : glob.substr(glob.find_last_of("*?") + 1);
    buckets.by_literal[literal].push_back(&entry);
    buckets.sizes.insert(literal.size());
  }
}

void GlobIndex::Join(const Buckets& buckets, absl::string_view literal, absl::string_view value,
                     PolicyBits& bits) {
  const auto found = buckets.by_literal.find(literal);
  if (found == buckets.by_literal.end()) return;
  for (const auto* const entry : found->second) {
    if (GlobMatch(entry->first, value)) entry->second.JoinTo(bits);
  }
}

void GlobIndex::Narrow(absl::string_view value, PolicyBits& bits) const {
  if (by_glob_.empty()) return;
  PolicyBits fitting(policies_);
  unlimited_.JoinTo(fitting);
  for (const std::size_t size : by_prefix_.sizes) {
    if (size > value.size()) break;
    Join(by_prefix_, value.substr(0, size), value, fitting);
  }
  for (const std::size_t size : by_suffix_.sizes) {
    if (size > value.size()) break;
    Join(by_suffix_, value.substr(value.size() - size), value, fitting);
  }
  bits.Keep(fitting);
}

void ThresholdIndex::Finish(std::size_t policies) {
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.threshold < b.threshold; });
  stride_ = std::max(kLeastStride, entries_.size() / kMostPrefixes);
  PolicyBits prefix(policies);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i % stride_ == 0) prefixes_.push_back(prefix);
    prefix.Set(entries_[i].place);
  }
  if (entries_.size() % stride_ == 0) prefixes_.push_back(std::move(prefix));
}

std::size_t ThresholdIndex::Passed(double value) const {
  if (std::isnan(value)) return entries_.size();
  const auto end = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.threshold < value;
  });
  return static_cast<std::size_t>(end - entries_.begin());
}

void ThresholdIndex::JoinTo(double value, PolicyBits& bits) const {
  const std::size_t passed = Passed(value);
  if (passed == 0) return;
  bits.Join(prefixes_[passed / stride_]);
  for (std::size_t i = passed / stride_ * stride_; i < passed; ++i) bits.Set(entries_[i].place);
}

void ThresholdIndex::RemoveFrom(double value, PolicyBits& bits) const {
  const std::size_t passed = Passed(value);
  if (passed == 0) return;
  bits.Remove(prefixes_[passed / stride_]);
  for (std::size_t i = passed / stride_ * stride_; i < passed; ++i) bits.Clear(entries_[i].place);
}

std::optional<double> ThresholdIndex::Largest(const PolicyBits& policies) const {
  const auto largest = std::find_if(entries_.rbegin(), entries_.rend(),
                                    [&](const Entry& entry) { return policies.Has(entry.place); });
  if (largest == entries_.rend()) return std::nullopt;
  return largest->threshold;
}

void RuleIndex::ByEvent::Add(std::size_t place, const CompiledCondition& event) {
  switch (event.kind) {
    case CompiledCondition::Kind::kText: leaves[event.leaf].Add(place); break;
    case CompiledCondition::Kind::kTokens: tokens.Add(place, event.over); break;
    default:
      for (const std::string& name : event.parameters) parameters[name].Add(place, event.over);
  }
}

void RuleIndex::ByEvent::Finish(std::size_t policies) {
  for (auto& [leaf, posting] : leaves) posting.Finish(policies);
  tokens.Finish(policies);
  for (auto& [name, thresholds] : parameters) thresholds.Finish(policies);
}

template <typename UsePosting, typename UseThresholds>
void RuleIndex::ByEvent::ForEach(const PromptFacts& facts, const UsePosting& use_posting,
                                 const UseThresholds& use_thresholds) const {
  if (!leaves.empty()) {
    for (const std::uint32_t leaf : facts.leaves) {
      const auto found = leaves.find(leaf);
      if (found != leaves.end()) use_posting(found->second);
    }
  }
  use_thresholds(tokens, facts.tokens);
  if (parameters.empty()) return;
  for (const auto& [name, value] : facts.parameters) {
    const auto found = parameters.find(name);
    if (found != parameters.end()) use_thresholds(found->second, value);
  }
}

void RuleIndex::ByEvent::JoinTo(PolicyBits& bits, const PromptFacts& facts) const {
  ForEach(
      facts, [&](const Posting& posting) { posting.JoinTo(bits); },
      [&](const ThresholdIndex& limits, double value) { limits.JoinTo(value, bits); });
}

void RuleIndex::ByEvent::RemoveFrom(PolicyBits& bits, const PromptFacts& facts) const {
  ForEach(
      facts, [&](const Posting& posting) { posting.RemoveFrom(bits); },
      [&](const ThresholdIndex& limits, double value) { limits.RemoveFrom(value, bits); });
}

// One way for a condition to hold.
struct RuleIndex::Event {
  const CompiledCondition* condition = nullptr;  // text, tokens or a parameter
  bool negated = false;

  // A limit that cannot be compared with is not indexed.
  bool IsIndexed() const { return !std::isnan(condition->over); }

  // How often it happens, by experience: the rarer of several is the better index.
  double Cost() const {
    if (!IsIndexed()) return 1e9;
    if (negated) return 1e6;
    switch (condition->kind) {
      case CompiledCondition::Kind::kText: return 1;
      case CompiledCondition::Kind::kParameter: return 100;
      default: return 1000;
    }
  }
};

RuleIndex::RuleIndex(const std::vector<CompiledPolicy>& policies)
    : size_(policies.size()), reads_text_(size_) {
  std::vector<Plane*> planes = {&finding_};
  for (Plane& plane : planes_) planes.push_back(&plane);
  for (Plane* const plane : planes) plane->always = PolicyBits(size_);
  for (std::size_t place = 0; place < size_; ++place) Add(place, policies[place]);
  for (ValueIndex* const index : {&connections_, &groups_, &identities_, &operations_}) {
    index->Finish(size_);
  }
  models_.Finish(size_);
  token_limits_.Finish(size_);
  for (Plane* const plane : planes) {
    plane->happened.Finish(size_);
    for (Absence& absence : plane->absences) absence.prevented.Finish(size_);
  }
}

void RuleIndex::Add(std::size_t place, const CompiledPolicy& policy) {
  const domain::Policy::Match& match = policy.source->match;
  connections_.Add(place, match.connections);
  groups_.Add(place, match.groups);
  identities_.Add(place, match.identities);
  operations_.Add(place, match.operations);
  models_.Add(place, match.models);
  if (policy.reads_text) reads_text_.Set(place);
  std::vector<Events> planes;
  if (policy.when.has_value()) {
    planes = PlanesOf(*policy.when);
    AddTokenLimits(place, *policy.when);
    Events finding;
    CollectFinding(*policy.when, finding);
    AddEvents(place, finding, finding_);
  }
  for (std::size_t i = 0; i < planes_.size(); ++i) {
    if (i < planes.size()) {
      AddEvents(place, planes[i], planes_[i]);
      planes_[i].used = true;
    } else {
      planes_[i].always.Set(place);
    }
  }
}

void RuleIndex::AddTokenLimits(std::size_t place, const CompiledCondition& condition) {
  if (condition.kind == CompiledCondition::Kind::kTokens) {
    token_limits_.Add(place, condition.over);
  }
  for (const CompiledCondition& child : condition.children) AddTokenLimits(place, child);
}

void RuleIndex::CollectFinding(const CompiledCondition& condition, Events& events) {
  using Kind = CompiledCondition::Kind;
  if (condition.kind == Kind::kNot) return;
  if (condition.kind != Kind::kAny && condition.kind != Kind::kAll) {
    events.push_back({&condition, false});
  }
  for (const CompiledCondition& child : condition.children) CollectFinding(child, events);
}

double RuleIndex::CostOf(const Events& events) {
  double sum = 0;
  for (const Event& event : events) sum += event.Cost();
  return sum;
}

std::vector<RuleIndex::Events> RuleIndex::PlanesOf(const CompiledCondition& condition) {
  const bool negated = condition.kind == CompiledCondition::Kind::kNot;
  const CompiledCondition& top = negated ? condition.children.front() : condition;
  const auto splits = negated ? CompiledCondition::Kind::kAny : CompiledCondition::Kind::kAll;
  if (top.kind != splits) return {EventsOf(condition, false)};
  std::vector<Events> planes;
  for (const CompiledCondition& child : top.children) planes.push_back(EventsOf(child, negated));
  std::stable_sort(planes.begin(), planes.end(),
                   [](const Events& a, const Events& b) { return CostOf(a) < CostOf(b); });
  if (planes.size() > kPlanes) planes.resize(kPlanes);
  return planes;
}

RuleIndex::Events RuleIndex::EventsOf(const CompiledCondition& condition, bool negated) {
  using Kind = CompiledCondition::Kind;
  if (condition.kind == Kind::kNot) return EventsOf(condition.children.front(), !negated);
  if (condition.kind != Kind::kAny && condition.kind != Kind::kAll) return {{&condition, negated}};
  Events all;
  Events best;
  for (const CompiledCondition& child : condition.children) {
    const Events own = EventsOf(child, negated);
    if (best.empty() || CostOf(own) < CostOf(best)) best = own;
    all.insert(all.end(), own.begin(), own.end());
  }
  return (condition.kind == Kind::kAny) != negated ? all : best;
}

void RuleIndex::AddEvents(std::size_t place, const Events& events, Plane& plane) const {
  const auto absent =
      std::count_if(events.begin(), events.end(), [](const Event& event) { return event.negated; });
  if (static_cast<std::size_t>(absent) > kMostAbsences ||
      !std::all_of(events.begin(), events.end(),
                   [](const Event& event) { return event.IsIndexed(); })) {
    plane.always.Set(place);
    return;
  }
  std::size_t next_absence = 0;
  for (const Event& event : events) {
    if (!event.negated) {
      plane.happened.Add(place, *event.condition);
      continue;
    }
    if (next_absence == plane.absences.size()) plane.absences.push_back({PolicyBits(size_), {}});
    Absence& absence = plane.absences[next_absence++];
    absence.policies.Set(place);
    absence.prevented.Add(place, *event.condition);
  }
}

PolicyBits RuleIndex::Applicable(const std::string& connection, const domain::Principal& principal,
                                 const domain::Prompt& prompt) const {
  PolicyBits bits = PolicyBits::All(size_);
  connections_.Narrow({connection}, bits);
  groups_.Narrow({principal.groups.begin(), principal.groups.end()}, bits);
  // Who has no identity is not the identity of an empty name.
  std::vector<absl::string_view> identities;
  if (!principal.identity.empty()) identities.push_back(principal.identity);
  identities_.Narrow(identities, bits);
  models_.Narrow(prompt.model, bits);
  operations_.Narrow({prompt.operation}, bits);
  return bits;
}

PolicyBits RuleIndex::Happening(const Plane& plane, const PromptFacts& facts) {
  PolicyBits bits = plane.always;
  for (const Absence& absence : plane.absences) {
    PolicyBits still = absence.policies;
    absence.prevented.RemoveFrom(still, facts);
    bits.Join(still);
  }
  plane.happened.JoinTo(bits, facts);
  return bits;
}

void RuleIndex::NarrowToHolding(const PromptFacts& facts, PolicyBits& policies) const {
  for (const Plane& plane : planes_) {
    if (plane.used) policies.Keep(Happening(plane, facts));
  }
}

void RuleIndex::NarrowToFinding(const PromptFacts& facts, PolicyBits& policies) const {
  policies.Keep(Happening(finding_, facts));
}

}  // namespace countersign::policy::rules
