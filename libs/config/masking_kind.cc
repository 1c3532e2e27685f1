#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/hex_digits.h"
#include "libs/config/kinds.h"
#include "libs/domain/analysis/analyzed_entities.h"

namespace countersign::config {
namespace {

constexpr std::size_t kMaxHashes = 200'000;
constexpr std::size_t kMaxExceptions = 10'000;
constexpr std::size_t kMaxWords = 64;
constexpr std::size_t kMaxEntities = 64;
constexpr std::size_t kMaxName = 63;

bool IsHash(absl::string_view text) { return text.size() == 64 && IsHex(text); }

bool IsPhrase(absl::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  return std::all_of(words.begin(), words.end(), [](absl::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || (c & 0x80) != 0;
    });
  });
}

// The values of a hashed rule: a list, or the lines of an external value, which is inline here.
std::vector<std::string> ReadHashes(Fields& hashed) {
  std::vector<std::string> texts;
  if (hashed.Has("values") && hashed.Child("values").IsMap()) {
    Fields value = hashed.Nested("values");
    const std::string lines = value.Required("inline");
    texts = absl::StrSplit(lines, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  } else {
    texts = hashed.Strings("values");
  }
  if (texts.empty()) hashed.Mistake("values", "needs at least one hash");
  if (texts.size() > kMaxHashes) {
    hashed.Mistake("values", absl::StrCat("has more than ", kMaxHashes, " hashes"));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!IsHash(texts[i])) {
      hashed.Mistake("values", absl::StrCat("item ", i,
                                            " is no SHA-256: 64 hexadecimal digits, as "
                                            "countersign mask --hash writes them"));
      break;
    }
    texts[i] = absl::AsciiStrToLower(texts[i]);
  }
  return texts;
}

void ReadHashed(Fields& fields, domain::MaskingRule& rule) {
  if (!fields.Has("hashed")) return;
  Fields hashed = fields.Nested("hashed");
  rule.hashed.emplace();
  rule.hashed->pattern = hashed.Required("pattern");
  rule.hashed->values = ReadHashes(hashed);
  if (!hashed.Has("key")) return;
  Fields key = hashed.Nested("key");
  rule.hashed->key = SecretString(key.Required("inline"));
}

void ReadConditions(Fields& fields, domain::MaskingRule& rule) {
  rule.validator = fields.String("validator");
  if (fields.Has("context")) {
    Fields context = fields.Nested("context");
    for (std::string& word : context.Strings("words")) {
      rule.context_words.push_back(absl::AsciiStrToLower(word));
    }
    if (rule.context_words.empty()) context.Mistake("words", "needs at least one word");
    if (rule.context_words.size() > kMaxWords) {
      context.Mistake("words", absl::StrCat("has more than ", kMaxWords, " words"));
    }
    for (const std::string& word : rule.context_words) {
      if (IsPhrase(word)) continue;
      context.Mistake("words", absl::StrCat("\"", word,
                                            "\" is not made of words of letters and digits with "
                                            "single spaces between them"));
    }
    rule.context_assigned = context.Bool("assigned", false);
  }
  rule.except = fields.Strings("except");
  if (rule.except.size() > kMaxExceptions) {
    fields.Mistake("except", absl::StrCat("has more than ", kMaxExceptions, " values"));
  }
  rule.min_count = static_cast<std::size_t>(fields.Integer("minCount", 1, 1, 1000));
  if (fields.Has("priority")) {
    rule.priority = static_cast<int>(fields.Integer("priority", 0, -1000, 1000));
  }
}

void ReadRestore(Fields& fields, domain::MaskingRule& rule) {
  if (!fields.Has("restore")) return;
  if (rule.action != domain::MaskingRule::Action::kPlaceholder) {
    fields.Mistake("restore", "needs action: placeholder");
  }
  if (fields.Child("restore").IsScalar()) {
    rule.restore = domain::MaskingRule::Restore::kNobody;
    fields.Choice("restore", {"none"});
    return;
  }
  rule.restore = domain::MaskingRule::Restore::kNamed;
  Fields restore = fields.Nested("restore");
  rule.restore_groups = restore.Strings("groups");
  rule.restore_identities = restore.Strings("identities");
  if (rule.restore_groups.empty() && rule.restore_identities.empty()) {
    restore.Mistake("", "needs groups or identities, or is none");
  }
}

void ReadAction(Fields& fields, bool prompt, domain::MaskingRule& rule) {
  using Action = domain::MaskingRule::Action;
  const std::string action =
      fields.Choice("action", {"redact", "replace", "keepLast", "hash", "placeholder"});
  if (action == "redact") rule.action = Action::kRedact;
  if (action == "keepLast") rule.action = Action::kKeepLast;
  if (action == "hash") rule.action = Action::kHash;
  if (action == "placeholder") rule.action = Action::kPlaceholder;
  if (rule.action == Action::kPlaceholder && !prompt) {
    fields.Mistake("action", "placeholder is for prompt rules: answers restore it");
  }
  if (fields.Has("keep") && action != "keepLast") fields.Mistake("keep", "needs action: keepLast");
  rule.keep = static_cast<std::size_t>(fields.Integer("keep", 4, 1, 64));
  ReadRestore(fields, rule);
}

constexpr char kNameCharacters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

bool IsName(absl::string_view text, absl::string_view more) {
  const std::string allowed = absl::StrCat(kNameCharacters, more);
  return !text.empty() && text.size() <= kMaxName && text.find_first_not_of(allowed) == text.npos;
}

// What a rule leaves to an analyzer, in the form that MaskingRule::entity has; "" if nothing.
std::string ReadAnalyzed(Fields& fields) {
  domain::analysis::AnalyzedEntities analyzed;
  analyzed.analyzer = fields.String("analyzer");
  analyzed.entities = fields.Strings("entities");
  analyzed.min_score = fields.Number("minScore", analyzed.min_score);
  if (!fields.Has("analyzer")) {
    for (const char* const name : {"entities", "minScore"}) {
      if (fields.Has(name)) fields.Mistake(name, "needs an analyzer");
    }
    return "";
  }
  if (!IsName(analyzed.analyzer, "-")) {
    fields.Mistake("analyzer", "must be a name of lower-case letters, digits and -");
  }
  if (!(analyzed.min_score >= 0 && analyzed.min_score <= 1)) {
    fields.Mistake("minScore", "must be from 0 to 1");
  }
  if (analyzed.entities.empty()) fields.Mistake("entities", "needs at least one entity");
  if (analyzed.entities.size() > kMaxEntities) {
    fields.Mistake("entities", absl::StrCat("has more than ", kMaxEntities, " entities"));
  }
  for (const std::string& entity : analyzed.entities) {
    if (IsName(entity, "_")) continue;
    fields.Mistake("entities",
                   absl::StrCat("\"", entity, "\" is no name of lower-case letters, digits and _"));
  }
  for (const char* const name : {"validator", "context"}) {
    if (fields.Has(name)) fields.Mistake(name, "is not for what an analyzer finds");
  }
  return ToString(analyzed);
}

domain::MaskingRule ReadMaskingRule(const YAML::Node& node, const std::string& path, bool prompt,
                                    Mistakes& mistakes) {
  Fields fields(node, path, mistakes);
  domain::MaskingRule rule;
  rule.entity = fields.String("entity");
  if (domain::analysis::ParseAnalyzedEntities(rule.entity)) {
    fields.Mistake("entity", "is no detector: what an analyzer finds needs analyzer and entities");
  }
  const std::string analyzed = ReadAnalyzed(fields);
  rule.pattern = fields.String("pattern");
  rule.dictionary = fields.String("dictionary");
  rule.shape = fields.String("template");
  ReadHashed(fields, rule);
  rule.label = fields.String("label");
  const int subjects = !rule.entity.empty() + !rule.pattern.empty() + !rule.dictionary.empty() +
                       !rule.shape.empty() + rule.hashed.has_value() + !analyzed.empty();
  if (subjects != 1) {
    fields.Mistake("",
                   "needs exactly one of entity, pattern, dictionary, template, hashed, analyzer");
  }
  const bool label_ok = std::all_of(rule.label.begin(), rule.label.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!label_ok) fields.Mistake("label", "may have upper-case letters, digits and _ only");
  ReadConditions(fields, rule);
  ReadAction(fields, prompt, rule);
  if (!analyzed.empty()) rule.entity = analyzed;
  return rule;
}

}  // namespace

domain::MaskingProfile ReadMaskingProfile(std::string name, Fields& spec) {
  domain::MaskingProfile profile;
  if (name == "tier1" || name == "none") {
    spec.mistakes().Add(spec.node(), "metadata.name",
                        absl::StrCat("\"", name, "\" is built in and cannot be changed"));
  }
  profile.name = std::move(name);
  spec.ForEach("response", [&](const YAML::Node& node, const std::string& path) {
    profile.response.push_back(ReadMaskingRule(node, path, false, spec.mistakes()));
  });
  spec.ForEach("prompt", [&](const YAML::Node& node, const std::string& path) {
    profile.prompt.push_back(ReadMaskingRule(node, path, true, spec.mistakes()));
  });
  if (!spec.Has("response") && !spec.Has("prompt")) {
    spec.Mistake("", "needs response or prompt rules");
  }
  if (spec.Choice("unknownEvents", {"mask", "refuse"}) == "refuse") {
    profile.unknown_events = domain::UnknownEvents::kRefuse;
  }
  profile.mask_placeholders = spec.Choice("placeholders", {"keep", "mask"}) == "mask";
  return profile;
}

}  // namespace countersign::config
