#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// Misuse of a command line: it costs exit status 2 and one line that says what to do.
namespace countersign::command_line {

inline constexpr int kMisuse = 2;

// What `error` means, in one line: the argument and what it should be, the verbs to choose from,
// and where to read more ("see countersign keys create --help").
std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error);

// An error of arguments that only the verb itself could find.
absl::Status Misuse(absl::string_view what);
bool IsMisuse(const absl::Status& status);

// Validators whose messages say what is expected.
// In any case. Use it with transform(), which gives the allowed spelling: check() leaves the
// user's.
CLI::Validator Choice(std::vector<std::string> allowed);
CLI::Validator WholeNumber(std::int64_t least);
CLI::Validator PositiveNumber();
CLI::Validator Checked(std::function<absl::Status(const std::string&)> check);

}  // namespace countersign::command_line
