#pragma once

#include <string>
#include <vector>

#include "libs/text/regex/byte_set.h"

// Reads and checks the files of rules/. docs/adding-detectors.md describes the fields.
namespace countersign::text::detectors {

// Words, one of which must (or must not) precede a match.
struct RuleWords {
  enum class Kind { kNone, kNear, kAssignedTo, kBeside, kNamed } kind = Kind::kNone;
  std::vector<std::string> words;
  bool compared = false;  // of exclusions

  bool operator==(const RuleWords&) const = default;
};

struct Rule {
  std::string place;  // path:line
  int line = 0;
  std::string name;  // unique: the entity, with /2, /3 … from its second rule on
  std::string entity;
  std::string source;
  std::string pattern;           // as written; empty if computed
  std::string computed_pattern;  // name of the function that computes it
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

// Reads `text`, the content of the file at `path`. Appends every mistake to `errors` as "path:line:
// message"; the result is then incomplete.
RuleFile ReadRuleFile(const std::string& path, const std::string& text,
                      std::vector<std::string>& errors);

// Numbers the rules, and appends mistakes between them: duplicate rules, and entities in two tiers
// or packs.
void CheckTogether(std::vector<RuleFile>& files, std::vector<std::string>& errors);

}  // namespace countersign::text::detectors
