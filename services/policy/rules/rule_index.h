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

// Policies by one section of their `match`: which apply to a value of it.
class ValueIndex {
 public:
  // Policies come in ascending order of `place`.
  void Add(std::size_t place, const std::vector<std::string>& values);
  void Finish(std::size_t policies);
  // Takes out of `bits` what is limited to none of `values`.
  void Narrow(const std::vector<absl::string_view>& values, PolicyBits& bits) const;

 private:
  Posting unlimited_;
  ByString<Posting> by_value_;
  std::size_t policies_ = 0;
};

// The same for globs. A glob is found by what stands before its first wildcard, else by what stands
// behind its last, so that only those are tried that have a chance.
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
  static void Join(const Buckets& buckets, absl::string_view literal, absl::string_view value,
                   PolicyBits& bits);

  Posting unlimited_;
  std::map<std::string, Posting> by_glob_;
  Buckets by_prefix_, by_suffix_;
  std::size_t policies_ = 0;
};

// Policies by a number that something may be above.
class ThresholdIndex {
 public:
  // REQUIRES: `threshold` is a number.
  void Add(std::size_t place, double threshold) { entries_.push_back({threshold, place}); }
  void Finish(std::size_t policies);
  // Adds (takes out) those whose threshold `value` is above. What is not a number is above all.
  void JoinTo(double value, PolicyBits& bits) const;
  void RemoveFrom(double value, PolicyBits& bits) const;
  // The largest threshold of any of `policies`, or nothing.
  std::optional<double> Largest(const PolicyBits& policies) const;

 private:
  struct Entry {
    double threshold = 0;
    std::size_t place = 0;
  };
  // How many entries have a threshold below `value`.
  std::size_t Passed(double value) const;

  std::vector<Entry> entries_;        // by threshold
  std::vector<PolicyBits> prefixes_;  // of the first i * stride_ entries
  std::size_t stride_ = 0;
};

// What is known about a prompt when conditions are looked at.
struct PromptFacts {
  double tokens = 0;
  const std::map<std::string, double>& parameters;
  std::vector<std::uint32_t> leaves;  // the text conditions that hold (CompiledCondition::leaf)
};

// Finds, among all policies, the few that have to be looked at for one question: first those that
// apply to it, then those of them whose conditions may hold. The time taken does not grow with the
// number of policies but for words of 64 of them.
//
// Each policy's `when` is brought to a set of events of which at least one must have happened for
// it to hold (a text condition that holds or does not, a limit that is passed or is not); of an
// `all` up to kPlanes such sets. What is found is thus never too little, and seldom too much.
// Immutable once made; thread-safe.
class RuleIndex {
 public:
  RuleIndex() = default;
  // `policies` in the order in which they decide. They may be moved afterwards.
  explicit RuleIndex(const std::vector<CompiledPolicy>& policies);

  PolicyBits Applicable(const std::string& connection, const domain::Principal& principal,
                        const domain::Prompt& prompt) const;
  bool AnyReadsText(const PolicyBits& policies) const { return policies.Meets(reads_text_); }
  // Takes out of `policies` what cannot hold.
  void NarrowToHolding(const PromptFacts& facts, PolicyBits& policies) const;
  // Takes out of `policies` what gives no finding, whether it holds or not.
  void NarrowToFinding(const PromptFacts& facts, PolicyBits& policies) const;
  // The largest number of tokens that any of `policies` asks about, wherever in its conditions.
  std::optional<double> LargestTokenLimit(const PolicyBits& policies) const {
    return token_limits_.Largest(policies);
  }

 private:
  static constexpr std::size_t kPlanes = 3;
  static constexpr std::size_t kMostAbsences = 4;

  // Policies by single events.
  struct ByEvent {
    absl::flat_hash_map<std::uint32_t, Posting> leaves;
    ThresholdIndex tokens;
    ByString<ThresholdIndex> parameters;

    void Add(std::size_t place, const CompiledCondition& event);
    void Finish(std::size_t policies);
    // Adds (takes out) those of an event that has happened.
    void JoinTo(PolicyBits& bits, const PromptFacts& facts) const;
    void RemoveFrom(PolicyBits& bits, const PromptFacts& facts) const;

   private:
    template <typename UsePosting, typename UseThresholds>
    void ForEach(const PromptFacts& facts, const UsePosting& use_posting,
                 const UseThresholds& use_thresholds) const;
  };
  // Policies that need something not to have happened: one thing each.
  struct Absence {
    PolicyBits policies;
    ByEvent prevented;
  };
  // Policies by sets of events, one set of each.
  struct Plane {
    bool used = false;
    PolicyBits always;  // they need no event, or have some that are not indexed
    ByEvent happened;
    std::vector<Absence> absences;  // a set's first, second … thing that must not have happened
  };
  struct Event;
  using Events = std::vector<Event>;

  static double CostOf(const Events& events);
  static Events EventsOf(const CompiledCondition& condition, bool negated);
  static void CollectFinding(const CompiledCondition& condition, Events& events);
  static std::vector<Events> PlanesOf(const CompiledCondition& condition);
  void AddEvents(std::size_t place, const Events& events, Plane& plane) const;
  static PolicyBits Happening(const Plane& plane, const PromptFacts& facts);
  void Add(std::size_t place, const CompiledPolicy& policy);
  void AddTokenLimits(std::size_t place, const CompiledCondition& condition);

  std::size_t size_ = 0;
  ValueIndex connections_, groups_, identities_, operations_;
  GlobIndex models_;
  PolicyBits reads_text_;
  ThresholdIndex token_limits_;
  std::array<Plane, kPlanes> planes_;
  Plane finding_;  // any of its conditions that is not under a `not`
};

}  // namespace countersign::policy::rules
