#include "services/cli/offline/policy_warnings.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "libs/base/glob.h"

namespace countersign::cli::offline {
namespace {

using Names = std::vector<std::string>;
using Match = domain::Policy::Match;

// One section of `match`; empty: everything.
struct Section {
  absl::string_view name;
  Names Match::*list;
  bool globs;
};
const std::array<Section, 5>& Sections() {
  static const std::array<Section, 5> sections = {{{"connections", &Match::connections, false},
                                                   {"groups", &Match::groups, false},
                                                   {"identities", &Match::identities, false},
                                                   {"models", &Match::models, true},
                                                   {"operations", &Match::operations, false}}};
  return sections;
}

// Whether everything that `inner` names is named by `outer`.
bool Covers(const std::string& outer, const std::string& inner, bool globs) {
  return globs ? GlobMatch(outer, inner) : outer == inner;
}

bool Overlap(const Names& a, const Names& b, bool globs) {
  if (a.empty() || b.empty()) return true;
  return std::any_of(a.begin(), a.end(), [&](const std::string& one) {
    return std::any_of(b.begin(), b.end(), [&](const std::string& other) {
      return Covers(one, other, globs) || Covers(other, one, globs);
    });
  });
}

// Whether `match` leaves `model`, a glob, out.
bool LeavesOut(const Match& match, const std::string& model) {
  return std::any_of(match.except_models.begin(), match.except_models.end(),
                     [&](const std::string& glob) { return GlobMatch(glob, model); });
}

bool LeavesOutAll(const Match& match, const Names& models) {
  return !models.empty() && std::all_of(models.begin(), models.end(), [&](const std::string& one) {
    return LeavesOut(match, one);
  });
}

bool Overlap(const Match& a, const Match& b) {
  if (LeavesOutAll(a, b.models) || LeavesOutAll(b, a.models)) return false;
  return std::all_of(Sections().begin(), Sections().end(), [&](const Section& section) {
    return Overlap(a.*section.list, b.*section.list, section.globs);
  });
}

// The names in `section` that the policies in `allowing` cover together; empty: everything.
Names AllowedNames(const std::vector<const domain::Policy*>& allowing, const Section& section) {
  Names names;
  for (const domain::Policy* policy : allowing) {
    const Names& list = policy->match.*section.list;
    if (list.empty()) return {};
    names.insert(names.end(), list.begin(), list.end());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string Widens(const domain::Policy& review, const Section& section, const Names& allowed) {
  const Names& asked = review.match.*section.list;
  Names beyond;
  for (const std::string& name : asked) {
    const bool covered = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& other) {
      return Covers(other, name, section.globs);
    });
    if (!covered) beyond.push_back(name);
  }
  if (!asked.empty() && beyond.empty()) return "";
  return absl::StrCat("Policy/", review.name, ": spec.match", asked.empty() ? "" : ".",
                      asked.empty() ? "" : section.name, ": an approval of this review opens ",
                      asked.empty() ? "all " : "the ", section.name,
                      asked.empty() ? "" : absl::StrCat(" ", absl::StrJoin(beyond, ", ")),
                      ", but without a review only ", absl::StrJoin(allowed, ", "),
                      allowed.size() == 1 ? " is" : " are", " allowed; narrow match.", section.name,
                      " if that is not meant");
}

// The models that every policy in `allowing` leaves out, and the review does not.
Names ModelsOpened(const domain::Policy& review,
                   const std::vector<const domain::Policy*>& allowing) {
  Names opened;
  for (const std::string& model : allowing.front()->match.except_models) {
    const bool asked =
        Overlap(review.match.models, {model}, true) && !LeavesOut(review.match, model);
    const bool allowed =
        std::any_of(allowing.begin(), allowing.end(), [&](const domain::Policy* policy) {
          return Overlap(policy->match.models, {model}, true) && !LeavesOut(policy->match, model);
        });
    if (asked && !allowed) opened.push_back(model);
  }
  return opened;
}

}  // namespace

std::vector<std::string> FindPolicyWarnings(const domain::ResourceSet& resources) {
  std::vector<std::string> warnings;
  for (const auto& [name, review] : resources.policies) {
    if (review.verdict != domain::Verdict::kReview) continue;
    std::vector<const domain::Policy*> allowing;
    for (const auto& [other_name, other] : resources.policies) {
      const bool allows = other.verdict == domain::Verdict::kAllow;
      if (allows && Overlap(other.match, review.match)) allowing.push_back(&other);
    }
    if (allowing.empty()) continue;
    if (const Names opened = ModelsOpened(review, allowing); !opened.empty()) {
      warnings.push_back(absl::StrCat(
          "Policy/", name, ": spec.match: an approval of this review opens the models ",
          absl::StrJoin(opened, ", "),
          ", which are allowed to nobody without a review; add them to match.exceptModels if that "
          "is not meant"));
    }
    for (const Section& section : Sections()) {
      const Names allowed = AllowedNames(allowing, section);
      if (allowed.empty()) continue;
      std::string warning = Widens(review, section, allowed);
      if (!warning.empty()) warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

}  // namespace countersign::cli::offline
