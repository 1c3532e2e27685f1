#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "libs/domain/principal.h"
#include "libs/domain/prompt.h"
#include "services/policy/rules/compiled_policy.h"
#include "services/policy/rules/policy_bits.h"

namespace countersign::policy::rules {

template <typename Value>
using ByString = absl::flat_hash_map<std::string, Value>;

// Finds policies by one section of their `match`, such as groups.
class ValueIndex {
 public:
  // REQUIRES: `place` ascends from call to call.
  void Add(std::size_t place, const std::vector<std::string>& values);
  void Finish(std::size_t policies);
  // Removes from `bits` the policies whose section is not empty and contains none of `values`.
  void Narrow(const std::vector<absl::string_view>& values, PolicyBits& bits) const;

 private:
  Posting unlimited_;  // policies whose section is empty
  ByString<Posting> by_value_;
  std::size_t policies_ = 0;
};

// The same for globs. A glob is indexed by the literal before its first wildcard or, if it starts
// with one, by the literal after its last; only globs whose literal fits are tried.
class GlobIndex {
 public:
  void Add(std::size_t place, const std::vector<std::string>& globs);
  void Finish(std::size_t policies);
  void Narrow(absl::string_view value, PolicyBits& bits) const;

 private:
  struct Buckets {
    ByString<std::vector<const std::pair<const std::string, Posting>*>> by_literal;
    std::set<std::size_t> sizes;  // of the literals
  };
  // Adds the policies of the globs in the bucket of `literal` that match `value`.
  static void AddMatching(const Buckets& buckets, absl::string_view literal,
                          absl::string_view value, PolicyBits& bits);

  Posting unlimited_;
  std::map<std::string, Posting> by_glob_;
  Buckets by_prefix_;
  Buckets by_suffix_;
  std::size_t policies_ = 0;
};

// Finds policies by the threshold of a condition such as `tokens: {over: 4000}`.
class ThresholdIndex {
 public:
  // REQUIRES: `threshold` is not NaN.
  void Add(std::size_t place, double threshold) { entries_.push_back({threshold, place}); }
  void Finish(std::size_t policies);
  // Adds (removes) the policies whose threshold is below `value`; all policies when `value` is NaN.
  void AddTo(double value, PolicyBits& bits) const;
  void RemoveFrom(double value, PolicyBits& bits) const;
  // The largest threshold of `policies`.
  std::optional<double> Largest(const PolicyBits& policies) const;

 private:
  struct Entry {
    double threshold = 0;
    std::size_t place = 0;
  };
  // The number of entries with a threshold below `value`.
  std::size_t CountBelow(double value) const;

  std::vector<Entry> entries_;        // by threshold
  std::vector<PolicyBits> prefixes_;  // of the first i * stride_ entries
  std::size_t stride_ = 0;
};

// The properties of a prompt that conditions read.
struct Measurements {
  double tokens = 0;
  const std::map<std::string, double>& parameters;
  std::vector<std::uint32_t>
      text_conditions;  // those that hold; see CompiledCondition::text_condition
};

// Finds the few policies that must be evaluated for a query: those whose `match` fits, and of them
// those whose conditions may hold. Except for bitmap operations the time does not depend on the
// number of policies.
//
// An event is a leaf condition that holds, or the negation of one. For each policy the index has up
// to kEventSets sets of events; at least one event of each set must occur for the policy's `when`
// to hold. NarrowToHolding therefore leaves a superset of the policies that hold.
//
// Immutable once constructed; thread-safe.
class RuleIndex {
 public:
  RuleIndex() = default;
  // `policies` are in deciding order. They may be moved afterwards.
  explicit RuleIndex(const std::vector<CompiledPolicy>& policies);

  // The policies whose `match` fits, exactly.
  PolicyBits Applicable(const std::string& connection, const domain::Principal& principal,
                        const domain::Prompt& prompt) const;
  bool AnyReadsText(const PolicyBits& policies) const { return policies.Intersects(reads_text_); }
  // Removes from `policies` those whose conditions cannot hold.
  void NarrowToHolding(const Measurements& measured, PolicyBits& policies) const;
  // Removes from `policies` those that cannot give a finding, whether they hold or not.
  void NarrowToFinding(const Measurements& measured, PolicyBits& policies) const;
  // The largest token limit in any condition of `policies`.
  std::optional<double> LargestTokenLimit(const PolicyBits& policies) const {
    return token_limits_.Largest(policies);
  }

 private:
  static constexpr std::size_t kEventSets = 3;
  static constexpr std::size_t kMaxNegatedEvents = 4;

  // Finds policies by their leaf conditions.
  struct ConditionIndex {
    absl::flat_hash_map<std::uint32_t, Posting> text_conditions;
    ThresholdIndex tokens;
    ByString<ThresholdIndex> parameters;

    void Add(std::size_t place, const CompiledCondition& condition);
    void Finish(std::size_t policies);
    // Adds (removes) the policies of every condition that holds.
    void AddTo(PolicyBits& bits, const Measurements& measured) const;
    void RemoveFrom(PolicyBits& bits, const Measurements& measured) const;

   private:
    template <typename UsePosting, typename UseThresholds>
    void ForEach(const Measurements& measured, const UsePosting& use_posting,
                 const UseThresholds& use_thresholds) const;
  };
  // Policies with a negated event in their set: the i-th one of each policy in the i-th index.
  struct NegatedEvents {
    PolicyBits policies;
    ConditionIndex conditions;
  };
  // One set of events per policy.
  struct EventSets {
    bool used = false;
    PolicyBits always;  // policies without a set, or with an event that cannot be indexed
    ConditionIndex conditions;
    std::vector<NegatedEvents> negated;
  };
  struct Event;
  using Events = std::vector<Event>;

  static double TotalCost(const Events& events);
  // Events of which at least one occurs whenever `condition` (if `negated`, its negation) holds.
  static Events NecessaryEvents(const CompiledCondition& condition, bool negated);
  // The cheapest such sets, up to kEventSets: an `all` has one per child.
  static std::vector<Events> CheapestEventSets(const CompiledCondition& condition);
  static void CollectFindingEvents(const CompiledCondition& condition, Events& events);
  void AddEvents(std::size_t place, const Events& events, EventSets& sets) const;
  // The policies in whose set an event occurs.
  static PolicyBits Occurring(const EventSets& sets, const Measurements& measured);
  void Add(std::size_t place, const CompiledPolicy& policy);
  void AddTokenLimits(std::size_t place, const CompiledCondition& condition);

  std::size_t size_ = 0;
  ValueIndex connections_;
  ValueIndex groups_;
  ValueIndex identities_;
  ValueIndex operations_;
  GlobIndex models_;
  std::map<std::string, PolicyBits> except_models_;  // by glob
  PolicyBits reads_text_;
  ThresholdIndex token_limits_;
  std::array<EventSets, kEventSets> event_sets_;
  EventSets finding_events_;  // leaf conditions that are not under a `not`
};

}  // namespace countersign::policy::rules
