#include "services/policy/rules/rule_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "libs/base/glob.h"

namespace countersign::policy::rules {
namespace {

// ThresholdIndex keeps one prefix per this many entries, and at most this many prefixes.
constexpr std::size_t kMinStride = 64;
constexpr std::size_t kMaxPrefixes = 128;

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
  unlimited_.AddTo(fitting);
  for (const absl::string_view value : values) {
    const auto found = by_value_.find(value);
    if (found != by_value_.end()) found->second.AddTo(fitting);
  }
  bits.Intersect(fitting);
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

void GlobIndex::AddMatching(const Buckets& buckets, absl::string_view literal,
                            absl::string_view value, PolicyBits& bits) {
  const auto found = buckets.by_literal.find(literal);
  if (found == buckets.by_literal.end()) return;
  for (const auto* const entry : found->second) {
    if (GlobMatch(entry->first, value)) entry->second.AddTo(bits);
  }
}

void GlobIndex::Narrow(absl::string_view value, PolicyBits& bits) const {
  if (by_glob_.empty()) return;
  PolicyBits fitting(policies_);
  unlimited_.AddTo(fitting);
  for (const std::size_t size : by_prefix_.sizes) {
    if (size > value.size()) break;
    AddMatching(by_prefix_, value.substr(0, size), value, fitting);
  }
  for (const std::size_t size : by_suffix_.sizes) {
    if (size > value.size()) break;
    AddMatching(by_suffix_, value.substr(value.size() - size), value, fitting);
  }
  bits.Intersect(fitting);
}

void ThresholdIndex::Finish(std::size_t policies) {
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.threshold < b.threshold; });
  stride_ = std::max(kMinStride, entries_.size() / kMaxPrefixes);
  PolicyBits prefix(policies);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i % stride_ == 0) prefixes_.push_back(prefix);
    prefix.Set(entries_[i].place);
  }
  if (entries_.size() % stride_ == 0) prefixes_.push_back(std::move(prefix));
}

std::size_t ThresholdIndex::CountBelow(double value) const {
  if (std::isnan(value)) return entries_.size();
  const auto end = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.threshold < value;
  });
  return static_cast<std::size_t>(end - entries_.begin());
}

void ThresholdIndex::AddTo(double value, PolicyBits& bits) const {
  const std::size_t below = CountBelow(value);
  if (below == 0) return;
  bits.Union(prefixes_[below / stride_]);
  for (std::size_t i = below / stride_ * stride_; i < below; ++i) bits.Set(entries_[i].place);
}

void ThresholdIndex::RemoveFrom(double value, PolicyBits& bits) const {
  const std::size_t below = CountBelow(value);
  if (below == 0) return;
  bits.Subtract(prefixes_[below / stride_]);
  for (std::size_t i = below / stride_ * stride_; i < below; ++i) bits.Clear(entries_[i].place);
}

std::optional<double> ThresholdIndex::Largest(const PolicyBits& policies) const {
  const auto largest = std::find_if(entries_.rbegin(), entries_.rend(),
                                    [&](const Entry& entry) { return policies.Has(entry.place); });
  if (largest == entries_.rend()) return std::nullopt;
  return largest->threshold;
}

void RuleIndex::ConditionIndex::Add(std::size_t place, const CompiledCondition& condition) {
  switch (condition.kind) {
    case CompiledCondition::Kind::kText:
      text_conditions[condition.text_condition].Add(place);
      break;
    case CompiledCondition::Kind::kTokens: tokens.Add(place, condition.over); break;
    default:
      for (const std::string& name : condition.parameters) {
        parameters[name].Add(place, condition.over);
      }
  }
}

void RuleIndex::ConditionIndex::Finish(std::size_t policies) {
  for (auto& [id, posting] : text_conditions) posting.Finish(policies);
  tokens.Finish(policies);
  for (auto& [name, thresholds] : parameters) thresholds.Finish(policies);
}

template <typename UsePosting, typename UseThresholds>
void RuleIndex::ConditionIndex::ForEach(const Measurements& measured, const UsePosting& use_posting,
                                        const UseThresholds& use_thresholds) const {
  if (!text_conditions.empty()) {
    for (const std::uint32_t id : measured.text_conditions) {
      const auto found = text_conditions.find(id);
      if (found != text_conditions.end()) use_posting(found->second);
    }
  }
  use_thresholds(tokens, measured.tokens);
  if (parameters.empty()) return;
  for (const auto& [name, value] : measured.parameters) {
    const auto found = parameters.find(name);
    if (found != parameters.end()) use_thresholds(found->second, value);
  }
}

void RuleIndex::ConditionIndex::AddTo(PolicyBits& bits, const Measurements& measured) const {
  ForEach(
      measured, [&](const Posting& posting) { posting.AddTo(bits); },
      [&](const ThresholdIndex& limits, double value) { limits.AddTo(value, bits); });
}

void RuleIndex::ConditionIndex::RemoveFrom(PolicyBits& bits, const Measurements& measured) const {
  ForEach(
      measured, [&](const Posting& posting) { posting.RemoveFrom(bits); },
      [&](const ThresholdIndex& limits, double value) { limits.RemoveFrom(value, bits); });
}

// A leaf condition that holds or, if negated, does not hold.
struct RuleIndex::Event {
  const CompiledCondition* condition = nullptr;  // text, tokens or a parameter
  bool negated = false;

  // NaN cannot be ordered in an index of thresholds.
  bool IsIndexed() const { return !std::isnan(condition->over); }

  // Estimates how often the event occurs: the set with the rarest events is indexed.
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
  std::vector<EventSets*> all_sets = {&finding_events_};
  for (EventSets& sets : event_sets_) all_sets.push_back(&sets);
  for (EventSets* const sets : all_sets) sets->always = PolicyBits(size_);
  for (std::size_t place = 0; place < size_; ++place) Add(place, policies[place]);
  for (ValueIndex* const index : {&connections_, &groups_, &identities_, &operations_}) {
    index->Finish(size_);
  }
  models_.Finish(size_);
  token_limits_.Finish(size_);
  for (EventSets* const sets : all_sets) {
    sets->conditions.Finish(size_);
    for (NegatedEvents& negated : sets->negated) negated.conditions.Finish(size_);
  }
}

void RuleIndex::Add(std::size_t place, const CompiledPolicy& policy) {
  const domain::Policy::Match& match = policy.source->match;
  connections_.Add(place, match.connections);
  groups_.Add(place, match.groups);
  identities_.Add(place, match.identities);
  operations_.Add(place, match.operations);
  models_.Add(place, match.models);
  for (const std::string& glob : match.except_models) {
    except_models_.try_emplace(glob, size_).first->second.Set(place);
  }
  if (policy.reads_text) reads_text_.Set(place);
  std::vector<Events> sets;
  if (policy.when.has_value()) {
    sets = CheapestEventSets(*policy.when);
    AddTokenLimits(place, *policy.when);
    Events finding;
    CollectFindingEvents(*policy.when, finding);
    AddEvents(place, finding, finding_events_);
  }
  for (std::size_t i = 0; i < event_sets_.size(); ++i) {
    if (i < sets.size()) {
      AddEvents(place, sets[i], event_sets_[i]);
      event_sets_[i].used = true;
    } else {
      event_sets_[i].always.Set(place);
    }
  }
}

void RuleIndex::AddTokenLimits(std::size_t place, const CompiledCondition& condition) {
  if (condition.kind == CompiledCondition::Kind::kTokens) {
    token_limits_.Add(place, condition.over);
  }
  for (const CompiledCondition& child : condition.children) AddTokenLimits(place, child);
}

void RuleIndex::CollectFindingEvents(const CompiledCondition& condition, Events& events) {
  using Kind = CompiledCondition::Kind;
  if (condition.kind == Kind::kNot) return;
  if (condition.kind != Kind::kAny && condition.kind != Kind::kAll) {
    events.push_back({&condition, false});
  }
  for (const CompiledCondition& child : condition.children) CollectFindingEvents(child, events);
}

double RuleIndex::TotalCost(const Events& events) {
  double sum = 0;
  for (const Event& event : events) sum += event.Cost();
  return sum;
}

std::vector<RuleIndex::Events> RuleIndex::CheapestEventSets(const CompiledCondition& condition) {
  const bool negated = condition.kind == CompiledCondition::Kind::kNot;
  const CompiledCondition& top = negated ? condition.children.front() : condition;
  const auto splits = negated ? CompiledCondition::Kind::kAny : CompiledCondition::Kind::kAll;
  if (top.kind != splits) return {NecessaryEvents(condition, false)};
  std::vector<Events> sets;
  for (const CompiledCondition& child : top.children)
    sets.push_back(NecessaryEvents(child, negated));
  std::stable_sort(sets.begin(), sets.end(),
                   [](const Events& a, const Events& b) { return TotalCost(a) < TotalCost(b); });
  if (sets.size() > kEventSets) sets.resize(kEventSets);
  return sets;
}

RuleIndex::Events RuleIndex::NecessaryEvents(const CompiledCondition& condition, bool negated) {
  using Kind = CompiledCondition::Kind;
  if (condition.kind == Kind::kNot) return NecessaryEvents(condition.children.front(), !negated);
  if (condition.kind != Kind::kAny && condition.kind != Kind::kAll) return {{&condition, negated}};
  Events all;
  Events best;
  for (const CompiledCondition& child : condition.children) {
    const Events own = NecessaryEvents(child, negated);
    if (best.empty() || TotalCost(own) < TotalCost(best)) best = own;
    all.insert(all.end(), own.begin(), own.end());
  }
  return (condition.kind == Kind::kAny) != negated ? all : best;
}

void RuleIndex::AddEvents(std::size_t place, const Events& events, EventSets& sets) const {
  const auto negated =
      std::count_if(events.begin(), events.end(), [](const Event& event) { return event.negated; });
  if (static_cast<std::size_t>(negated) > kMaxNegatedEvents ||
      !std::all_of(events.begin(), events.end(),
                   [](const Event& event) { return event.IsIndexed(); })) {
    sets.always.Set(place);
    return;
  }
  std::size_t next_negated = 0;
  for (const Event& event : events) {
    if (!event.negated) {
      sets.conditions.Add(place, *event.condition);
      continue;
    }
    if (next_negated == sets.negated.size()) sets.negated.push_back({PolicyBits(size_), {}});
    NegatedEvents& each = sets.negated[next_negated++];
    each.policies.Set(place);
    each.conditions.Add(place, *event.condition);
  }
}

PolicyBits RuleIndex::Applicable(const std::string& connection, const domain::Principal& principal,
                                 const domain::Prompt& prompt) const {
  PolicyBits bits = PolicyBits::All(size_);
  connections_.Narrow({connection}, bits);
  groups_.Narrow({principal.groups.begin(), principal.groups.end()}, bits);
  // A principal without an identity matches no identity, not even an empty name.
  std::vector<absl::string_view> identities;
  if (!principal.identity.empty()) identities.push_back(principal.identity);
  identities_.Narrow(identities, bits);
  models_.Narrow(prompt.model, bits);
  for (const auto& [glob, policies] : except_models_) {
    if (GlobMatch(glob, prompt.model)) bits.Subtract(policies);
  }
  operations_.Narrow({prompt.operation}, bits);
  return bits;
}

PolicyBits RuleIndex::Occurring(const EventSets& sets, const Measurements& measured) {
  PolicyBits bits = sets.always;
  for (const NegatedEvents& each : sets.negated) {
    PolicyBits possible = each.policies;
    each.conditions.RemoveFrom(possible, measured);
    bits.Union(possible);
  }
  sets.conditions.AddTo(bits, measured);
  return bits;
}

void RuleIndex::NarrowToHolding(const Measurements& measured, PolicyBits& policies) const {
  for (const EventSets& sets : event_sets_) {
    if (sets.used) policies.Intersect(Occurring(sets, measured));
  }
}

void RuleIndex::NarrowToFinding(const Measurements& measured, PolicyBits& policies) const {
  policies.Intersect(Occurring(finding_events_, measured));
}

}  // namespace countersign::policy::rules
