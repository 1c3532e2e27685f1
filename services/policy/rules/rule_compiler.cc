#include "services/policy/rules/rule_compiler.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "services/policy/policy_errors.h"

namespace countersign::policy::rules {
namespace {

text::matching::View ToView(domain::Normalize normalize) {
  switch (normalize) {
    case domain::Normalize::kNone: return text::matching::View::kRaw;
    case domain::Normalize::kCaseless: return text::matching::View::kCaseless;
    case domain::Normalize::kUnicode:
    case domain::Normalize::kUnspecified: return text::matching::View::kUnicode;
  }
  return text::matching::View::kUnicode;
}

// The names of a parameter in different dialects. A limit on one of them applies to all, so that a
// caller cannot avoid a rule by using another name.
std::vector<std::string> ParameterAliases(const std::string& name) {
  static const std::vector<std::string> kTokenLimits = {"max_tokens", "max_completion_tokens",
                                                        "max_output_tokens"};
  const bool is_limit = std::count(kTokenLimits.begin(), kTokenLimits.end(), name) > 0;
  return is_limit ? kTokenLimits : std::vector<std::string>{name};
}

class Compiler {
 public:
  Compiler(std::shared_ptr<const domain::ResourceSet> set, const TextEngine& engine)
      : set_(std::move(set)), engine_(engine), snapshot_(std::make_shared<Snapshot>()) {}

  absl::StatusOr<std::shared_ptr<const Snapshot>> Compile(const Snapshot* previous) {
    snapshot_->version = set_->version;
    snapshot_->resources = set_;
    snapshot_->engine = &engine_;
    CompilePolicies();
    ResolveTokenizers();
    if (mistakes_.empty()) {
      CompileScanner(previous);
    } else {
      FindBadTerms();
    }
    if (!mistakes_.empty()) return InvalidResources(mistakes_);
    snapshot_->index = RuleIndex(snapshot_->policies);
    return snapshot_;
  }

 private:
  void CompilePolicies() {
    snapshot_->policies.reserve(set_->policies.size());
    for (const auto& [name, policy] : set_->policies) {
      CompiledPolicy compiled;
      compiled.source = &policy;
      location_ = absl::StrCat("Policy/", name, ": ");
      if (policy.when.has_value()) {
        // A match in encoded text may make a decision only stricter: it counts where a match
        // denies, asks for a review, or (under `not`) prevents an allow.
        const bool decodes = policy.verdict != domain::Verdict::kAllow;
        compiled.when = CompileCondition(*policy.when, decodes, compiled.reads_text);
      }
      snapshot_->policies.push_back(std::move(compiled));
    }
    const auto rank = [](const CompiledPolicy& policy) {
      const domain::Policy& source = *policy.source;
      return std::make_tuple(source.verdict != domain::Verdict::kDeny,
                             -static_cast<std::int64_t>(source.priority),
                             source.verdict != domain::Verdict::kReview, std::cref(source.name));
    };
    std::sort(snapshot_->policies.begin(), snapshot_->policies.end(),
              [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  }

  CompiledCondition CompileCondition(const domain::Condition& source, bool decodes,
                                     bool& reads_text) {
    CompiledCondition compiled;
    switch (source.kind) {
      case domain::Condition::Kind::kAny: compiled.kind = CompiledCondition::Kind::kAny; break;
      case domain::Condition::Kind::kAll: compiled.kind = CompiledCondition::Kind::kAll; break;
      case domain::Condition::Kind::kNot: compiled.kind = CompiledCondition::Kind::kNot; break;
      case domain::Condition::Kind::kLeaf: return CompileLeaf(source, decodes, reads_text);
    }
    // An empty `all` would always hold and an empty `any` never; both are mistakes.
    const bool is_not = source.kind == domain::Condition::Kind::kNot;
    if (source.children.empty() || (is_not && source.children.size() != 1)) {
      Mistake(source.path, is_not ? "needs exactly one condition" : "needs at least one condition");
    }
    for (const domain::Condition& child : source.children) {
      compiled.children.push_back(CompileCondition(child, decodes != is_not, reads_text));
    }
    return compiled;
  }

  CompiledCondition CompileLeaf(const domain::Condition& source, bool decodes, bool& reads_text) {
    CompiledCondition compiled;
    compiled.decodes = decodes;
    if (const auto* keywords = std::get_if<domain::KeywordsCondition>(&source.leaf)) {
      reads_text = true;
      compiled.kind = CompiledCondition::Kind::kText;
      compiled.condition = "keywords";
      compiled.rule = keywords->dictionary;
      compiled.parts = keywords->parts;
      compiled.term = DictionaryTerm(keywords->dictionary, source.path);
      compiled.text_condition = AddTextCondition(compiled);
    } else if (const auto* pattern = std::get_if<domain::PatternCondition>(&source.leaf)) {
      reads_text = true;
      compiled.kind = CompiledCondition::Kind::kText;
      compiled.condition = "pattern";
      compiled.rule = pattern->regex;
      compiled.parts = pattern->parts;
      compiled.term = PatternTerm(*pattern, source.path);
      compiled.text_condition = AddTextCondition(compiled);
    } else if (const auto* tokens = std::get_if<domain::TokensCondition>(&source.leaf)) {
      compiled.kind = CompiledCondition::Kind::kTokens;
      compiled.over = static_cast<double>(tokens->over);
    } else if (const auto* parameter = std::get_if<domain::ParameterCondition>(&source.leaf)) {
      compiled.kind = CompiledCondition::Kind::kParameter;
      compiled.over = parameter->over;
      compiled.parameters = ParameterAliases(parameter->name);
    } else {
      Mistake(source.path, "is not a condition");
    }
    return compiled;
  }

  std::uint32_t AddTextCondition(const CompiledCondition& condition) {
    TextCondition text{condition.term, condition.parts, condition.decodes};
    std::sort(text.parts.begin(), text.parts.end());
    text.parts.erase(std::unique(text.parts.begin(), text.parts.end()), text.parts.end());
    const auto id = static_cast<std::uint32_t>(snapshot_->text_conditions.size());
    const auto [known, is_new] =
        text_condition_ids_.emplace(std::tuple(text.term, text.decodes, text.parts), id);
    if (!is_new) return known->second;
    snapshot_->text_conditions_by_term.resize(std::max<std::size_t>(next_id_, text.term + 1));
    snapshot_->text_conditions_by_term[text.term].push_back(id);
    snapshot_->text_conditions.push_back(std::move(text));
    return id;
  }

  std::uint32_t DictionaryTerm(const std::string& name, const std::string& path) {
    const auto known = dictionary_ids_.find(name);
    if (known != dictionary_ids_.end()) return known->second;
    const std::uint32_t id = next_id_++;
    dictionary_ids_.emplace(name, id);
    const auto dictionary = set_->dictionaries.find(name);
    if (dictionary == set_->dictionaries.end()) {
      Mistake(path, absl::StrCat("there is no Dictionary \"", name, "\""));
      return id;
    }
    const text::matching::View view = ToView(dictionary->second.normalize);
    for (const std::string& term : dictionary->second.terms) {
      terms_.push_back({term, /*is_regex=*/false, view, id});
      if (dictionary->second.leet) terms_.push_back({term, false, text::matching::View::kLeet, id});
      if (dictionary->second.spaced)
        terms_.push_back({term, false, text::matching::View::kJoined, id});
    }
    locations_.push_back({id, absl::StrCat("Dictionary/", name, ": spec.terms")});
    return id;
  }

  std::uint32_t PatternTerm(const domain::PatternCondition& pattern, const std::string& path) {
    const text::matching::View view = ToView(pattern.normalize);
    const auto key = std::make_pair(pattern.regex, view);
    const auto [known, is_new] = pattern_ids_.emplace(key, next_id_);
    locations_.push_back({known->second, absl::StrCat(location_, path, ".regex")});
    if (is_new) terms_.push_back({pattern.regex, /*is_regex=*/true, view, next_id_++});
    return known->second;
  }

  void ResolveTokenizers() {
    for (const auto& [name, connection] : set_->connections) {
      location_ = absl::StrCat("Connection/", name, ": ");
      ConnectionRules rules;
      if (!connection.tokenizer.empty()) {
        const auto tokenizer = engine_.TokenizerByName(connection.tokenizer);
        if (tokenizer.ok()) {
          rules.tokenizer = *tokenizer;
        } else {
          Mistake("spec.tokenizer", tokenizer.status().message());
        }
      }
      snapshot_->connections.emplace(name, rules);
    }
  }

  void CompileScanner(const Snapshot* previous) {
    LengthPrefixed fingerprint;
    for (const text::matching::MatchTerm& term : terms_) {
      fingerprint.Add(term.text)
          .Add(static_cast<std::uint64_t>(term.is_regex))
          .Add(static_cast<std::uint64_t>(term.view))
          .Add(static_cast<std::uint64_t>(term.id));
    }
    snapshot_->terms_digest = crypto::Sha256(fingerprint.bytes());
    if (locations_.empty()) return;
    if (previous != nullptr && previous->engine == &engine_ && previous->scanner != nullptr &&
        previous->terms_digest == snapshot_->terms_digest) {
      snapshot_->scanner = previous->scanner;
      return;
    }
    auto scanner = engine_.Compile(terms_);
    if (scanner.ok()) {
      snapshot_->scanner = *std::move(scanner);
      return;
    }
    FindBadTerms();
    if (mistakes_.empty()) mistakes_.push_back(std::string(scanner.status().message()));
  }

  // The engine names only the first term that it refuses. Compiling each dictionary and pattern
  // separately finds all of them.
  void FindBadTerms() {
    std::map<std::uint32_t, std::vector<text::matching::MatchTerm>> terms;
    for (const text::matching::MatchTerm& term : terms_) terms[term.id].push_back(term);
    std::map<std::uint32_t, absl::Status> compiled;
    for (const auto& [id, location] : locations_) {
      const auto [alone, is_new] = compiled.try_emplace(id);
      if (is_new) alone->second = engine_.Compile(terms[id]).status();
      if (alone->second.ok()) continue;
      mistakes_.push_back(absl::StrCat(location, ": ", alone->second.message()));
    }
  }

  void Mistake(absl::string_view path, absl::string_view what) {
    mistakes_.push_back(absl::StrCat(location_, path, ": ", what));
  }

  const std::shared_ptr<const domain::ResourceSet> set_;
  const TextEngine& engine_;
  const std::shared_ptr<Snapshot> snapshot_;

  std::string location_;  // of the current policy: "Policy/regulated: "
  std::uint32_t next_id_ = 0;
  std::map<std::string, std::uint32_t> dictionary_ids_;
  std::map<std::pair<std::string, text::matching::View>, std::uint32_t> pattern_ids_;
  std::map<std::tuple<std::uint32_t, bool, std::vector<std::string>>, std::uint32_t>
      text_condition_ids_;
  std::vector<text::matching::MatchTerm> terms_;
  // Where each term is written: a pattern that several policies share, once for each.
  std::vector<std::pair<std::uint32_t, std::string>> locations_;
  std::vector<std::string> mistakes_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Snapshot>> CompileSnapshot(
    std::shared_ptr<const domain::ResourceSet> set, const TextEngine& engine,
    const std::shared_ptr<const Snapshot>& previous) {
  return Compiler(std::move(set), engine).Compile(previous.get());
}

}  // namespace countersign::policy::rules
