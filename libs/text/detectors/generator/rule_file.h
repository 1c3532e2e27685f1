#pragma once

#include <string>
#include <vector>

#include "libs/text/regex/byte_set.h"

// One file of rules/, read and checked. docs/adding-detectors.md describes the fields.
namespace countersign::text::detectors {

// Words, one of which must (or must not) stand before a match.
struct RuleWords {
  enum class Kind { kNone, kNear, kAssignedTo, kBeside } kind = Kind::kNone;
  std::vector<std::string> words;

  bool operator==(const RuleWords&) const = default;
};

struct Rule {
  std::string place;  // path:line
  int line = 0;
  std::string name;  // unique: the entity, with /2, /3 … from its second rule on
  std::string entity;
  std::string source;
  std::string pattern;           // as written; empty where it is computed
  std::string computed_pattern;  // the name of the function that makes it
  regex::ByteSet left_forbidden = regex::ByteSet::Word();
  regex::ByteSet right_forbidden = regex::ByteSet::Word();
  std::string validator;
  int priority = 0;
  RuleWords context;
  bool context_required = false;
  RuleWords exclusion;
  int tier = 1;
  std::string pack;
  std::vector<std::string> positive;
  std::vector<std::string> negative;
};

struct RuleFile {
  std::string path;
  std::string family;  // the file's name without its ending
  std::vector<Rule> rules;
};

// Reads `text`, the content of the file at `path`. Every mistake is appended to `errors` as
// "path:line: message"; what is returned is then incomplete.
RuleFile ReadRuleFile(const std::string& path, const std::string& text,
                      std::vector<std::string>& errors);

// Names the rules, and appends what is wrong between them: the same rule twice, an entity in
// two tiers or packs.
void CheckTogether(std::vector<RuleFile>& files, std::vector<std::string>& errors);

}  // namespace countersign::text::detectors
