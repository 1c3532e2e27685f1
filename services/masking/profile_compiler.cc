#include "services/masking/profile_compiler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/domain/analysis/analyzed_entities.h"
#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/term_rules.h"
#include "services/masking/custom_shapes.h"
#include "services/masking/named_validators.h"
#include "services/masking/replacement.h"

namespace countersign::masking {
namespace {

using Dictionaries = std::map<std::string, domain::Dictionary>;
using Rules = std::vector<text::redaction::RedactionRule>;
using RestoreRules = decltype(PlaceholderRules::by_label);

// How specifically a profile's rule names a detector. A detector runs once, for the most specific
// rule; of equally specific ones, for the last.
enum class Closeness { kSet, kFamily, kEntity, kOwn };

Closeness ComputeCloseness(const domain::MaskingRule& rule) {
  if (rule.entity.empty()) return Closeness::kOwn;
  if (absl::EndsWith(rule.entity, ".*")) return Closeness::kFamily;
  return text::detectors::IsDetectorSet(rule.entity) ? Closeness::kSet : Closeness::kEntity;
}

text::redaction::TermFolding ToFolding(domain::Normalize normalize) {
  switch (normalize) {
    case domain::Normalize::kNone: return text::redaction::TermFolding::kExact;
    case domain::Normalize::kCaseless: return text::redaction::TermFolding::kCaseless;
    case domain::Normalize::kUnspecified:
    case domain::Normalize::kUnicode: return text::redaction::TermFolding::kUnicode;
  }
  return text::redaction::TermFolding::kUnicode;
}

// The shapes that a rule looks for, without their replacements.
absl::StatusOr<Rules> MakeShapes(const domain::MaskingRule& rule, const Dictionaries& dictionaries,
                                 text::detectors::Placeholders placeholders) {
  Rules shapes;
  if (!rule.entity.empty()) {
    CS_ASSIGN_OR_RETURN(const auto detectors, text::detectors::FindDetectors(rule.entity));
    for (const text::detectors::Detector* detector : detectors)
      shapes.push_back(text::detectors::ToRule(*detector, true, placeholders));
  } else if (rule.dictionary.empty()) {
    CS_ASSIGN_OR_RETURN(shapes, CustomShapes(rule));
  } else {
    const auto dictionary = dictionaries.find(rule.dictionary);
    if (dictionary == dictionaries.end()) {
      return absl::InvalidArgumentError(absl::StrCat("unknown dictionary '", rule.dictionary, "'"));
    }
    CS_ASSIGN_OR_RETURN(shapes,
                        text::redaction::TermRules(dictionary->second.terms,
                                                   ToFolding(dictionary->second.normalize)));
  }
  return shapes;
}

std::string DefaultLabel(const domain::MaskingRule& rule) {
  if (rule.dictionary.empty()) return "CUSTOM";
  std::string label = absl::AsciiStrToUpper(rule.dictionary);
  for (char& c : label) c = c == '-' ? '_' : c;
  return label;
}

// A rule that the profile defines itself outranks a detector that matches the same range.
constexpr int kCustomPriority = 100;

class SideCompiler {
 public:
  SideCompiler(const Dictionaries& dictionaries, const SecretString& hash_key,
               text::detectors::Placeholders placeholders)
      : dictionaries_(dictionaries), hash_key_(hash_key), placeholders_(placeholders) {}

  absl::Status Add(const domain::MaskingRule& rule) {
    if (const auto analyzed = domain::analysis::ParseAnalyzedEntities(rule.entity)) {
      return AddAnalyzed(rule, *analyzed);
    }
    CS_ASSIGN_OR_RETURN(Rules shapes, MakeShapes(rule, dictionaries_, placeholders_));
    const Closeness closeness = ComputeCloseness(rule);
    if (closeness != Closeness::kOwn) TakeOver(shapes, closeness);
    for (text::redaction::RedactionRule& shape : shapes) {
      if (shape.entity.empty()) {
        shape.entity = absl::AsciiStrToLower(rule.label.empty() ? DefaultLabel(rule) : rule.label);
        shape.priority = kCustomPriority;
      }
      CS_RETURN_IF_ERROR(Finish(rule, std::move(shape), closeness));
    }
    return absl::OkStatus();
  }

  const RestoreRules& restore() const { return restore_; }

  // What the added rules leave to an analyzer; null if nothing. `rules`: the compiled set.
  std::shared_ptr<const analysis::Wanted> MakeWanted(const text::redaction::RuleSet& rules) const {
    if (analyzer_.empty()) return nullptr;
    auto wanted = std::make_shared<analysis::Wanted>();
    wanted->name = analyzer_;
    for (const auto& [entity, min_score] : analyzed_) {
      wanted->entities.emplace(entity,
                               analysis::Wanted::Entity{*rules.FindGiven(entity), min_score});
    }
    return wanted;
  }

  Rules Take() {
    Rules rules;
    for (Entry& entry : entries_) rules.push_back(std::move(entry.rule));
    return rules;
  }

 private:
  struct Entry {
    text::redaction::RedactionRule rule;
    Closeness closeness;
  };

  // One rule of the set for each entity. They leave detectors of the same name alone.
  absl::Status AddAnalyzed(const domain::MaskingRule& rule,
                           const domain::analysis::AnalyzedEntities& analyzed) {
    if (!analyzer_.empty() && analyzer_ != analyzed.analyzer) {
      return absl::InvalidArgumentError(
          absl::StrCat("is '", analyzed.analyzer, "', but earlier rules name '", analyzer_,
                       "': one analyzer reads the answers of a profile, and one its prompts"));
    }
    analyzer_ = analyzed.analyzer;
    for (const std::string& entity : analyzed.entities) {
      if (!analyzed_.emplace(entity, analyzed.min_score).second) {
        return absl::InvalidArgumentError(absl::StrCat("'", entity, "' is named twice"));
      }
      text::redaction::RedactionRule shape;
      shape.entity = entity;
      shape.given = true;
      CS_RETURN_IF_ERROR(Finish(rule, std::move(shape), Closeness::kOwn));
    }
    return absl::OkStatus();
  }

  absl::Status Finish(const domain::MaskingRule& rule, text::redaction::RedactionRule shape,
                      Closeness closeness) {
    const std::string label =
        rule.label.empty() ? text::detectors::ToLabel(shape.entity) : rule.label;
    CS_RETURN_IF_ERROR(AddConditions(rule, shape));
    if (rule.action == domain::MaskingRule::Action::kPlaceholder) {
      restore_[label].push_back({rule.restore, rule.restore_groups, rule.restore_identities});
    }
    CS_RETURN_IF_ERROR(SetReplacement(rule, label, hash_key_, shape));
    entries_.push_back({std::move(shape), closeness});
    return absl::OkStatus();
  }

  // Decides which rule runs a detector that both `shapes` and earlier rules contain.
  void TakeOver(Rules& shapes, Closeness closeness) {
    const auto same_entity = [](const Rules& rules, const std::string& entity) {
      return std::any_of(
          rules.begin(), rules.end(),
          [&](const text::redaction::RedactionRule& rule) { return rule.entity == entity; });
    };
    std::set<std::string> kept;
    for (const Entry& entry : entries_) {
      const bool closer = entry.closeness != Closeness::kOwn && entry.closeness > closeness;
      if (closer) kept.insert(entry.rule.entity);
    }
    std::erase_if(shapes, [&](const auto& shape) { return kept.count(shape.entity) > 0; });
    std::erase_if(entries_, [&](const Entry& entry) {
      return entry.closeness != Closeness::kOwn && same_entity(shapes, entry.rule.entity);
    });
  }

  const Dictionaries& dictionaries_;
  const SecretString& hash_key_;
  const text::detectors::Placeholders placeholders_;
  std::vector<Entry> entries_;
  RestoreRules restore_;
  std::string analyzer_;
  std::map<std::string, double> analyzed_;  // its entities, and their least scores
};

absl::string_view NamedSubject(const domain::MaskingRule& rule) {
  if (domain::analysis::ParseAnalyzedEntities(rule.entity)) return "analyzer";
  if (!rule.entity.empty()) return "entity";
  if (!rule.pattern.empty()) return "pattern";
  if (!rule.shape.empty()) return "template";
  return rule.hashed ? "hashed" : "dictionary";
}

struct CompiledSide {
  std::shared_ptr<const text::redaction::RuleSet> rules;
  std::shared_ptr<const analysis::Wanted> wanted;
};

// Null when there are mistakes, which are added to `mistakes`.
CompiledSide CompileSide(const std::string& path, const std::vector<domain::MaskingRule>& side,
                         SideCompiler compiler, RestoreRules& restore,
                         std::vector<std::string>& mistakes) {
  bool sound = true;
  for (std::size_t i = 0; i < side.size(); ++i) {
    const std::string& validator = side[i].validator;
    const absl::Status named =
        validator.empty() ? absl::OkStatus() : FindValidator(validator).status();
    const absl::Status added = named.ok() ? compiler.Add(side[i]) : named;
    if (added.ok()) continue;
    mistakes.push_back(absl::StrCat(path, "[", i, "].",
                                    named.ok() ? NamedSubject(side[i]) : "validator", ": ",
                                    added.message()));
    sound = false;
  }
  if (!sound) return {};
  restore = compiler.restore();
  auto compiled = text::redaction::RuleSet::Compile(compiler.Take());
  if (compiled.ok()) return {*compiled, compiler.MakeWanted(**compiled)};
  mistakes.push_back(absl::StrCat(path, ": ", compiled.status().message()));
  return {};
}

}  // namespace

absl::StatusOr<CompiledProfile> CompileProfile(const domain::MaskingProfile& profile,
                                               const Dictionaries& dictionaries,
                                               const SecretString& hash_key) {
  const std::string path = absl::StrCat("MaskingProfile/", profile.name, ": spec.");
  CompiledProfile compiled;
  compiled.unknown_events = profile.unknown_events;
  std::vector<std::string> mistakes;
  RestoreRules restore;
  const SideCompiler compiler(dictionaries, hash_key,
                              profile.mask_placeholders ? text::detectors::Placeholders::kMask
                                                        : text::detectors::Placeholders::kKeep);
  CompiledSide response =
      CompileSide(absl::StrCat(path, "response"), profile.response, compiler, restore, mistakes);
  CompiledSide prompt =
      CompileSide(absl::StrCat(path, "prompt"), profile.prompt, compiler, restore, mistakes);
  compiled.response = std::move(response.rules);
  compiled.response_analysis = std::move(response.wanted);
  compiled.prompt = std::move(prompt.rules);
  compiled.prompt_analysis = std::move(prompt.wanted);
  if (!restore.empty()) {
    compiled.placeholders = std::make_shared<const PlaceholderRules>(
        PlaceholderRules{SecretString(crypto::HkdfSha256(hash_key.Reveal(), "placeholder", 32)),
                         std::move(restore)});
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
  return compiled;
}

absl::StatusOr<std::shared_ptr<const text::redaction::RuleSet>> CompileEntities(
    const std::vector<std::string>& entities) {
  Rules rules;
  std::set<const text::detectors::Detector*> chosen;
  for (const std::string& entity : entities) {
    CS_ASSIGN_OR_RETURN(const auto detectors, text::detectors::FindDetectors(entity));
    const bool keep_context = text::detectors::IsDetectorSet(entity);
    for (const text::detectors::Detector* detector : detectors) {
      if (chosen.insert(detector).second)
        rules.push_back(text::detectors::ToRule(*detector, keep_context));
    }
  }
  return text::redaction::RuleSet::Compile(std::move(rules));
}

}  // namespace countersign::masking
