#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/detectors/generator/rule_file.h"

// Writes the C++ for the rules: tables for production (detector_row.h) and cases for tests
// (libs/text/testing/detector_cases.h).
namespace countersign::text::detectors {

std::string TableSource(const RuleFile& file);
std::string CaseSource(const RuleFile& file);

// The sources that list the tables, or the cases, of all files in order.
std::string TableIndexSource(const std::vector<RuleFile>& files);
std::string CaseIndexSource(const std::vector<RuleFile>& files);

// A string literal for any text without NUL.
std::string CppLiteral(absl::string_view text);

}  // namespace countersign::text::detectors
