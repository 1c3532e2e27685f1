#include "libs/text/detectors/generator/table_writer.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "libs/text/detectors/generator/byte_class.h"

namespace countersign::text::detectors {
namespace {

constexpr char kNamespace[] = "namespace countersign::text::detectors {\n";
constexpr char kTestingNamespace[] = "namespace countersign::text::testing {\n";

std::string Heading(absl::string_view made_from) {
  return absl::StrCat("// Generated from ", made_from, ". Edits are lost.\n");
}

std::string WordsExpression(const RuleWords& words) {
  const char* const kinds[] = {"kNone", "kNear", "kAssignedTo", "kBeside", "kNamed"};
  if (words.kind == RuleWords::Kind::kNone) return "{}";
  return absl::StrCat("{WordsRow::Kind::", kinds[static_cast<int>(words.kind)], ", ",
                      CppLiteral(absl::StrJoin(words.words, "\n")),
                      words.compared ? ", true}" : "}");
}

std::string RowExpression(const Rule& rule) {
  const std::vector<std::string> fields = {
      absl::StrCat(".name = ", CppLiteral(rule.name)),
      absl::StrCat(".entity = ", CppLiteral(rule.entity)),
      absl::StrCat(".source = ", CppLiteral(rule.source)),
      absl::StrCat(".pattern = ", CppLiteral(rule.pattern)),
      absl::StrCat(".computed_pattern = ", CppLiteral(rule.computed_pattern)),
      absl::StrCat(".left_forbidden = ", ByteSetExpression(rule.left_forbidden)),
      absl::StrCat(".right_forbidden = ", ByteSetExpression(rule.right_forbidden)),
      absl::StrCat(".validator = ", CppLiteral(rule.validator)),
      absl::StrCat(".priority = ", rule.priority),
      absl::StrCat(".context = ", WordsExpression(rule.context)),
      absl::StrCat(".context_required = ", rule.context_required ? "true" : "false"),
      absl::StrCat(".exclusion = ", WordsExpression(rule.exclusion)),
      absl::StrCat(".tier = ", rule.tier),
      absl::StrCat(".pack = ", CppLiteral(rule.pack))};
  return absl::StrCat("    {", absl::StrJoin(fields, ",\n     "), "},\n");
}

std::string ListExpression(const std::vector<std::string>& texts) {
  return absl::StrJoin(texts, ", ", [](std::string* out, const std::string& text) {
    absl::StrAppend(out, CppLiteral(text));
  });
}

// The source of `function`, which returns the concatenated lists of all files.
std::string IndexSource(const std::vector<RuleFile>& files, absl::string_view begin,
                        absl::string_view type, absl::string_view function) {
  std::string declared;
  std::string listed;
  for (const RuleFile& file : files) {
    absl::StrAppend(&declared, type, " ", file.family, "();\n");
    absl::StrAppend(&listed, "rules::", file.family, "(), ");
  }
  return absl::StrCat(Heading("the list of libs/text/detectors/rules"), begin,
                      "namespace rules {\n", declared, "}  // namespace rules\n", "std::vector<",
                      type, "> ", function, "() {\n  return {", listed, "};\n}\n}\n");
}

}  // namespace

std::string TableSource(const RuleFile& file) {
  std::string source = absl::StrCat(
      Heading(file.family + ".yaml"), "#include \"libs/text/detectors/detector_row.h\"\n\n",
      kNamespace, "namespace {\n\nusing regex::ByteSet;\n\nconstexpr DetectorRow kRows[] = {\n");
  for (const Rule& rule : file.rules) source += RowExpression(rule);
  return absl::StrCat(source, "};\n\n}  // namespace\n\nnamespace rules {\nDetectorTable ",
                      file.family, "() { return kRows; }\n}  // namespace rules\n\n}\n");
}

std::string CaseSource(const RuleFile& file) {
  std::string source = absl::StrCat(
      Heading(file.family + ".yaml"), "#include \"libs/text/testing/detector_cases.h\"\n\n",
      kTestingNamespace, "namespace rules {\nstd::vector<DetectorCases> ", file.family,
      "() {\n  return {\n");
  for (const Rule& rule : file.rules) {
    absl::StrAppend(&source, "      {", CppLiteral(rule.name), ", ",
                    CppLiteral(absl::StrCat(file.family, ".yaml:", rule.line)), ",\n", "       {",
                    ListExpression(rule.positive), "},\n", "       {",
                    ListExpression(rule.negative), "}},\n");
  }
  return absl::StrCat(source, "  };\n}\n}  // namespace rules\n}\n");
}

std::string TableIndexSource(const std::vector<RuleFile>& files) {
  return IndexSource(
      files, absl::StrCat("#include \"libs/text/detectors/detector_row.h\"\n\n", kNamespace),
      "DetectorTable", "AllTables");
}

std::string CaseIndexSource(const std::vector<RuleFile>& files) {
  return IndexSource(
      files, absl::StrCat("#include \"libs/text/testing/detector_cases.h\"\n\n", kTestingNamespace),
      "std::vector<DetectorCases>", "CasesByFile");
}

std::string CppLiteral(absl::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '?') {
      literal += '\\';
      literal += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      // An octal escape has at most three digits; a hexadecimal one has no limit.
      absl::StrAppendFormat(&literal, "\\%03o", byte);
    } else {
      literal += c;
    }
  }
  return literal + "\"";
}

}  // namespace countersign::text::detectors
