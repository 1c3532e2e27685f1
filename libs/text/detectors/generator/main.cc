// countersign-detectors-generator OUT FILE…: writes the tables for the rules in FILE… to the folder
// OUT. Files whose content would not change are not written, so that nothing is recompiled.

#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "libs/text/detectors/generator/rule_file.h"
#include "libs/text/detectors/generator/table_writer.h"

namespace countersign::text::detectors {
namespace {

std::string Content(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

bool WriteIfChanged(const std::string& path, const std::string& content) {
  if (Content(path) == content) return true;
  return static_cast<bool>(std::ofstream(path) << content);
}

int Generate(const std::string& folder, const std::vector<std::string>& paths) {
  std::vector<std::string> errors;
  std::vector<RuleFile> files;
  for (const std::string& path : paths) {
    files.push_back(ReadRuleFile(path, Content(path), errors));
  }
  CheckTogether(files, errors);
  for (const std::string& error : errors) std::cerr << error << "\n";
  if (!errors.empty()) return 1;
  bool written = WriteIfChanged(absl::StrCat(folder, "/all_tables.cc"), TableIndexSource(files)) &&
                 WriteIfChanged(absl::StrCat(folder, "/all_cases.cc"), CaseIndexSource(files));
  for (const RuleFile& file : files) {
    const std::string stem = absl::StrCat(folder, "/", file.family);
    written = written && WriteIfChanged(stem + "_table.cc", TableSource(file)) &&
              WriteIfChanged(stem + "_cases.cc", CaseSource(file));
  }
  if (!written) std::cerr << "cannot write into " << folder << "\n";
  return written ? 0 : 1;
}

}  // namespace
}  // namespace countersign::text::detectors

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: " << argv[0] << " OUT FILE…\n";
    return 2;
  }
  return countersign::text::detectors::Generate(argv[1], {argv + 2, argv + argc});
}
