#include "libs/command_line/usage.h"

#include <cmath>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "libs/base/text/edit_distance.h"

namespace countersign::command_line {
namespace {

constexpr char kMisuseUrl[] = "countersign/misuse";

// The innermost verb that was being parsed, and its full name.
std::pair<const CLI::App*, std::string> Deepest(const CLI::App& app) {
  const CLI::App* verb = &app;
  std::string name = app.get_name();
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().back();
    absl::StrAppend(&name, " ", verb->get_name());
  }
  return {verb, name};
}

std::vector<std::string> VerbNames(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::App* child : verb.get_subcommands(nullptr)) names.push_back(child->get_name());
  return names;
}

std::string ListVerbs(const CLI::App& verb) { return absl::StrJoin(VerbNames(verb), ", "); }

// "; did you mean --limit?", or nothing.
std::string Meant(const std::string& argument, const std::vector<std::string>& names) {
  const std::string meant = ProbablyMeant(argument, names);
  return meant.empty() ? "" : absl::StrCat("; did you mean ", meant, "?");
}

// The options that may stand behind `verb`: its own and those of the verbs around it.
std::vector<std::string> OptionNames(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::App* app = &verb; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames())
        names.push_back(absl::StrCat("--", name));
    }
  }
  return names;
}

std::string Unknown(const CLI::App& verb, const std::string& argument) {
  const bool is_option = absl::StartsWith(argument, "-");
  if (is_option) {
    const std::string name = argument.substr(0, argument.find('='));
    return absl::StrCat("unknown option \"", name, "\"", Meant(name, OptionNames(verb)));
  }
  const CLI::Option* files = verb.get_option_no_throw("--filename");
  if (files != nullptr && files->get_required()) {
    return absl::StrCat("resource files are named with -f: -f ", argument);
  }
  const std::vector<std::string> verbs = VerbNames(verb);
  if (!verbs.empty()) {
    const std::string meant = Meant(argument, verbs);
    return absl::StrCat("there is no verb \"", argument, "\"",
                        meant.empty() ? absl::StrCat("; the verbs are ", ListVerbs(verb)) : meant);
  }
  return absl::StrCat("unknown argument \"", argument, "\"");
}

std::string What(const CLI::App& app, const CLI::App& verb, const CLI::ParseError& error) {
  const std::vector<std::string> remaining = app.remaining(/*recurse=*/true);
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool verb_missing = required && absl::StartsWith(error.what(), "A subcommand");
  // A missing argument is often a mistyped one.
  if (!remaining.empty() &&
      (required || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)) {
    return Unknown(verb, remaining.front());
  }
  if (verb_missing) return absl::StrCat("a verb is missing: ", ListVerbs(verb));
  if (required && absl::StartsWith(error.what(), "--filename")) {
    return "-f is required: resource files or directories, or - for standard input";
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const absl::string_view text = error.what();
    return absl::StrCat(text.substr(0, text.find(':')), " needs a value");
  }
  return error.what();
}

}  // namespace

std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error) {
  const auto [verb, name] = Deepest(app);
  return absl::StrCat(What(app, *verb, error), " (see ", name, " --help)");
}

absl::Status Misuse(absl::string_view what) {
  absl::Status status = absl::InvalidArgumentError(what);
  status.SetPayload(kMisuseUrl, absl::Cord());
  return status;
}

bool IsMisuse(const absl::Status& status) { return status.GetPayload(kMisuseUrl).has_value(); }

CLI::Validator Choice(std::vector<std::string> allowed) {
  const auto check = [allowed = std::move(allowed)](std::string& text) -> std::string {
    for (const std::string& choice : allowed) {
      if (!absl::EqualsIgnoreCase(text, choice)) continue;
      text = choice;
      return "";
    }
    return absl::StrCat("must be one of ", absl::StrJoin(allowed, ", "), ", not \"", text, "\"");
  };
  return CLI::Validator(check, "");
}

CLI::Validator WholeNumber(std::int64_t least) {
  const auto check = [least](std::string& text) -> std::string {
    std::int64_t value = 0;
    if (absl::SimpleAtoi(text, &value) && value >= least) return "";
    return absl::StrCat("must be a whole number from ", least, " on, not \"", text, "\"");
  };
  return CLI::Validator(check, "");
}

CLI::Validator PositiveNumber() {
  const auto check = [](std::string& text) -> std::string {
    double value = 0;
    if (absl::SimpleAtod(text, &value) && std::isfinite(value) && value > 0) return "";
    return absl::StrCat("must be a number greater than 0, not \"", text, "\"");
  };
  return CLI::Validator(check, "");
}

CLI::Validator Checked(std::function<absl::Status(const std::string&)> check) {
  const auto run = [check = std::move(check)](std::string& text) -> std::string {
    return std::string(check(text).message());
  };
  return CLI::Validator(run, "");
}

}  // namespace countersign::command_line
