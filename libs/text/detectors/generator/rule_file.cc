#include "libs/text/detectors/generator/rule_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/text/detectors/computed_patterns.h"
#include "libs/text/detectors/generator/byte_class.h"
#include "libs/text/regex/regex_parser.h"
#include "libs/text/validators/validators.h"

namespace countersign::text::detectors {
namespace {

using Fields = std::map<std::string, YAML::Node>;

class Reader {
 public:
  Reader(std::string path, std::vector<std::string>& errors)
      : path_(std::move(path)), errors_(errors) {}

  void ReadInto(const YAML::Node& root, std::vector<Rule>& rules) {
    const Fields fields = ReadFields(root, {"defaults", "detectors"});
    if (const auto found = fields.find("defaults"); found != fields.end()) {
      defaults_ = ReadFields(found->second,
                             {"left_forbidden", "right_forbidden", "priority", "tier", "pack"});
    }
    const auto list = fields.find("detectors");
    if (list == fields.end() || !list->second.IsSequence() || list->second.size() == 0) {
      return Refuse(root, "'detectors' must be a list that is not empty");
    }
    for (const YAML::Node& node : list->second) rules.push_back(ReadRule(node));
  }

 private:
  std::string Place(const YAML::Node& node) const {
    return absl::StrCat(path_, ":", node.Mark().line + 1);
  }

  void Refuse(const YAML::Node& node, absl::string_view message) {
    errors_.push_back(absl::StrCat(Place(node), ": ", message));
  }

  // The members of a mapping. Detects duplicate keys, because yaml-cpp keeps both.
  Fields ReadFields(const YAML::Node& node, const std::set<std::string>& known) {
    Fields fields;
    if (!node.IsMap()) {
      Refuse(node, "a mapping is expected");
      return fields;
    }
    for (const auto& member : node) {
      const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
      if (!known.contains(key)) {
        Refuse(member.first,
               absl::StrCat("unknown key '", key, "'; there are ", absl::StrJoin(known, ", ")));
      } else if (!fields.emplace(key, member.second).second) {
        Refuse(member.first, absl::StrCat("'", key, "' is given twice"));
      }
    }
    return fields;
  }

  std::string Text(const YAML::Node& node, absl::string_view what) {
    if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
    Refuse(node, absl::StrCat("'", what, "' must be a text that is not empty"));
    return "";
  }

  std::vector<std::string> Texts(const YAML::Node& node, absl::string_view what) {
    std::vector<std::string> texts;
    if (!node.IsSequence() || node.size() == 0) {
      Refuse(node, absl::StrCat("'", what, "' must be a list that is not empty"));
      return texts;
    }
    for (const YAML::Node& item : node) texts.push_back(Text(item, what));
    return texts;
  }

  int Number(const YAML::Node& node, absl::string_view what) {
    int number = 0;
    if (!node.IsScalar() || !absl::SimpleAtoi(node.Scalar(), &number) || number < 0) {
      Refuse(node, absl::StrCat("'", what, "' must be a number of at least 0"));
    }
    return number;
  }

  regex::ByteSet Bytes(const YAML::Node& node, absl::string_view what) {
    const std::string text = Text(node, what);
    if (text == "none") return {};
    const auto bytes = ParseByteClass(text);
    if (!bytes) {
      Refuse(node,
             absl::StrCat("'", what, "' must be a class of bytes such as '[\\w.-]', or none"));
    }
    return bytes.value_or(regex::ByteSet());
  }

  void ReadPattern(const YAML::Node& node, Rule& rule) {
    std::string pattern;
    if (node.IsMap()) {
      const Fields fields = ReadFields(node, {"computed"});
      if (fields.empty()) return;
      rule.computed_pattern = Text(fields.at("computed"), "computed");
      const auto* const computed = FindComputedPattern(rule.computed_pattern);
      if (computed == nullptr) {
        return Refuse(node, absl::StrCat("no function computes '", rule.computed_pattern,
                                         "' (computed_patterns.cc)"));
      }
      pattern = computed->make();
    } else if (node.IsSequence()) {
      rule.pattern = absl::StrJoin(Texts(node, "pattern"), "");
      pattern = rule.pattern;
    } else {
      rule.pattern = Text(node, "pattern");
      pattern = rule.pattern;
    }
    if (const auto regex = regex::ParseRegex(pattern); !regex.ok()) {
      Refuse(node, absl::StrCat("the pattern is refused: ", regex.status().message()));
    }
  }

  // A list of words, or lists by language: {en: [phone], de: [telefon]}.
  std::vector<std::string> ReadWordList(const YAML::Node& node, absl::string_view what) {
    if (!node.IsMap()) return Texts(node, what);
    std::vector<std::string> words;
    std::set<std::string> languages;
    for (const auto& member : node) {
      const std::string language = member.first.IsScalar() ? member.first.Scalar() : "";
      const bool code = (language.size() == 2 || language.size() == 3) &&
                        std::all_of(language.begin(), language.end(),
                                    [](char c) { return c >= 'a' && c <= 'z'; });
      if (!code) Refuse(member.first, "a language is expected, as two or three letters (ISO 639)");
      if (!languages.insert(language).second) {
        Refuse(member.first, absl::StrCat("'", language, "' is given twice"));
      }
      for (std::string& word : Texts(member.second, language)) {
        // Languages share words.
        if (std::find(words.begin(), words.end(), word) == words.end()) {
          words.push_back(std::move(word));
        }
      }
    }
    if (words.empty()) Refuse(node, absl::StrCat("'", what, "' must not be empty"));
    return words;
  }

  RuleWords ReadWords(const YAML::Node& node) {
    static const std::map<std::string, RuleWords::Kind> kKinds = {
        {"near", RuleWords::Kind::kNear},
        {"assigned_to", RuleWords::Kind::kAssignedTo},
        {"beside", RuleWords::Kind::kBeside},
        {"named", RuleWords::Kind::kNamed}};
    RuleWords words;
    Fields fields = ReadFields(node, {"near", "assigned_to", "beside", "named", "compared"});
    if (const auto compared = fields.find("compared"); compared != fields.end()) {
      words.compared = ReadFlag(compared->second);
      fields.erase(compared);
    }
    if (fields.size() != 1) {
      Refuse(node, "one of 'near', 'assigned_to', 'beside' and 'named' is expected");
      return words;
    }
    words.kind = kKinds.at(fields.begin()->first);
    words.words = ReadWordList(fields.begin()->second, fields.begin()->first);
    std::set<std::string> seen;
    for (const std::string& word : words.words) {
      if (std::any_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) ||
          absl::StrContains(word, '\n')) {
        Refuse(node, absl::StrCat("'", word, "' must be in lower case and on one line"));
      }
      if (!seen.insert(word).second) Refuse(node, absl::StrCat("'", word, "' is given twice"));
    }
    return words;
  }

  std::vector<std::string> ReadCases(const YAML::Node& node, absl::string_view what, bool marked) {
    std::vector<std::string> cases = Texts(node, what);
    for (const std::string& text : cases) {
      const std::size_t begin = text.find("[[");
      const std::size_t end = text.rfind("]]");
      const bool none = begin == std::string::npos && end == std::string::npos;
      const bool pair = begin != std::string::npos && end != std::string::npos && begin < end;
      if (marked && !none && !pair) {
        Refuse(node, absl::StrCat("'", text, "' has [[ without ]], or the reverse"));
      }
    }
    return cases;
  }

  // Reads the defaults that a file gives for all of its rules.
  void ReadShared(const Fields& fields, Rule& rule) {
    for (const auto& [key, node] : fields) {
      if (key == "left_forbidden") rule.left_forbidden = Bytes(node, key);
      if (key == "right_forbidden") rule.right_forbidden = Bytes(node, key);
      if (key == "priority") rule.priority = Number(node, key);
      if (key == "pack") rule.pack = Text(node, key);
      if (key == "tier") {
        rule.tier = Number(node, key);
        if (rule.tier != 1 && rule.tier != 3) Refuse(node, "'tier' is 1 or 3; a 'pack' makes it 2");
      }
    }
    if (!rule.pack.empty()) rule.tier = 2;
  }

  Rule ReadRule(const YAML::Node& node) {
    static const std::set<std::string> kKeys = {
        "entity",    "source",           "pattern",  "left_forbidden", "right_forbidden",
        "validator", "priority",         "context",  "exclusion",      "tier",
        "pack",      "context_required", "positive", "negative"};
    Rule rule;
    rule.place = Place(node);
    rule.line = node.Mark().line + 1;
    const Fields fields = ReadFields(node, kKeys);
    for (const char* required : {"entity", "source", "pattern", "positive", "negative"}) {
      if (!fields.contains(required)) Refuse(node, absl::StrCat("'", required, "' is missing"));
    }
    ReadShared(defaults_, rule);
    ReadShared(fields, rule);
    for (const auto& [key, value] : fields) {
      if (key == "entity") rule.entity = ReadEntity(value);
      if (key == "source") rule.source = Text(value, key);
      if (key == "pattern") ReadPattern(value, rule);
      if (key == "validator") rule.validator = ReadValidator(value);
      if (key == "context") rule.context = ReadWords(value);
      if (key == "exclusion") rule.exclusion = ReadWords(value);
      if (key == "context_required") rule.context_required = ReadFlag(value);
      if (key == "positive") rule.positive = ReadCases(value, key, true);
      if (key == "negative") rule.negative = ReadCases(value, key, false);
    }
    if (rule.context_required && !fields.contains("context")) {
      Refuse(node, "'context_required' without a 'context'");
    }
    return rule;
  }

  std::string ReadEntity(const YAML::Node& node) {
    std::string entity = Text(node, "entity");
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    };
    if (!std::all_of(entity.begin(), entity.end(), allowed)) {
      Refuse(node, "'entity' is in lower snake case, with a full stop behind a family");
    }
    return entity;
  }

  std::string ReadValidator(const YAML::Node& node) {
    std::string name = Text(node, "validator");
    if (validators::FindValidator(name) == nullptr) {
      Refuse(node, absl::StrCat("unknown validator '", name, "' (libs/text/validators)"));
    }
    return name;
  }

  bool ReadFlag(const YAML::Node& node) {
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    if (text != "true" && text != "false") Refuse(node, "true or false is expected");
    return text == "true";
  }

  const std::string path_;
  std::vector<std::string>& errors_;
  Fields defaults_;
};

std::string ToFamily(absl::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  return std::string(path.substr(0, path.find('.')));
}

}  // namespace

RuleFile ReadRuleFile(const std::string& path, const std::string& text,
                      std::vector<std::string>& errors) {
  RuleFile file{path, ToFamily(path), {}};
  try {
    Reader(path, errors).ReadInto(YAML::Load(text), file.rules);
  } catch (const YAML::Exception& error) {
    errors.push_back(absl::StrCat(path, ":", error.mark.line + 1, ": ", error.msg));
  }
  return file;
}

void CheckTogether(std::vector<RuleFile>& files, std::vector<std::string>& errors) {
  using Shape = std::tuple<std::string, std::string, std::string, int, std::string>;
  std::map<Shape, std::string> shapes;
  std::map<std::string, std::vector<const Rule*>> entities;
  for (RuleFile& file : files) {
    for (Rule& rule : file.rules) {
      const Shape shape = {rule.entity, rule.pattern, rule.computed_pattern,
                           static_cast<int>(rule.context.kind),
                           absl::StrJoin(rule.context.words, " ")};
      const auto [known, added] = shapes.emplace(shape, rule.place);
      if (!added) errors.push_back(absl::StrCat(rule.place, ": the same rule as ", known->second));
      std::vector<const Rule*>& same = entities[rule.entity];
      same.push_back(&rule);
      rule.name = rule.entity;
      if (same.size() > 1) absl::StrAppend(&rule.name, "/", same.size());
      if (rule.tier != same[0]->tier || rule.pack != same[0]->pack) {
        errors.push_back(absl::StrCat(rule.place, ": '", rule.entity,
                                      "' has another tier or pack at ", same[0]->place));
      }
    }
  }
}

}  // namespace countersign::text::detectors
