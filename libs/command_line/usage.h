#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// The exit status of a misused command line.
namespace countersign::command_line {

inline constexpr int kMisuse = 2;

// The meaning of `error` in one line: the argument and its expected form, the verbs to choose from,
// and where to read more ("see countersign keys create --help").
std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error);

// A misuse that only the verb itself can detect.
absl::Status Misuse(absl::string_view what);
bool IsMisuse(const absl::Status& status);

// Validators whose messages say what is expected. Choice ignores case: use it with transform(),
// which yields the spelling in `allowed` (check() would keep the user's).
CLI::Validator Choice(std::vector<std::string> allowed);
CLI::Validator WholeNumber(std::int64_t least);
CLI::Validator PositiveNumber();
CLI::Validator Checked(std::function<absl::Status(const std::string&)> check);

}  // namespace countersign::command_line
