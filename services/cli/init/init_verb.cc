#include "services/cli/init/init_verb.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/user_files.h"

namespace countersign::cli::init {
namespace {

constexpr absl::string_view kNone = "none";

struct InitOptions {
  std::string folder = "gateway";
  GivenAnswers given;
  bool force = false;
};

struct Question {
  std::string GivenAnswers::*answer;
  absl::string_view option;
  absl::string_view text;
  absl::string_view usual;  // the answer to an empty line; empty: the provider's address, if any
};

const std::vector<Question>& Questions() {
  static const auto& questions = *new std::vector<Question>{
      {&GivenAnswers::provider, "--provider",
       "Which provider? openai, azure, vllm, ollama-as-openai or anthropic", "openai"},
      {&GivenAnswers::url, "--url", "At which address is it?", ""},
      {&GivenAnswers::reviewers, "--reviewers",
       "Who reviews prompts? Names, or group:NAME, with commas between them", kNone},
      {&GivenAnswers::regulated, "--regulated",
       "Which words must not be sent without a review? With commas between them", kNone},
      {&GivenAnswers::mask, "--mask",
       "What is masked in answers? tier1, or entities with commas between them", "tier1"}};
  return questions;
}

std::vector<std::string> ReadList(const std::string& text) {
  if (absl::StripAsciiWhitespace(text) == kNone) return {};
  std::vector<std::string> list;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    list.emplace_back(absl::StripAsciiWhitespace(part));
  }
  return list;
}

// What is wrong with one answer, the others left out; "" when nothing is.
std::string WhyNot(const Question& question, const GivenAnswers& given) {
  if (question.answer == &GivenAnswers::provider) {
    const auto& names = Providers();
    if (std::find(names.begin(), names.end(), given.provider) != names.end()) return "";
    return absl::StrCat("one of ", absl::StrJoin(names, ", "));
  }
  GivenAnswers alone{given.provider, "http://127.0.0.1/v1", std::string(kNone), std::string(kNone),
                     std::string(kNone)};
  alone.*question.answer = given.*question.answer;
  const auto read = ReadAnswers(alone);
  return std::string(read.status().message());
}

// The existing files that would be replaced.
std::vector<std::string> FindExisting(const std::filesystem::path& folder,
                                      const std::vector<NewFile>& files) {
  std::vector<std::string> existing;
  for (const NewFile& file : files) {
    std::error_code error;
    const auto path = folder / file.path;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
      existing.push_back(path);
    }
  }
  return existing;
}

absl::Status WriteFiles(const std::filesystem::path& folder, const std::vector<NewFile>& files) {
  for (const NewFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot create ", path.parent_path().string(), ": ", error.message()));
    }
    CS_RETURN_IF_ERROR(WriteFile(path, file.content));
  }
  return absl::OkStatus();
}

std::vector<std::string> NextCommands(const std::filesystem::path& folder, const Answers& answers) {
  const std::string variable = KeyVariable(answers.provider);
  return {absl::StrCat("countersign policy test ", (folder / "policy-test.yaml").string()),
          absl::StrCat(variable.empty() ? "" : absl::StrCat(variable, "=YOUR_KEY "),
                       "countersign apply -f ", (folder / "resources").string()),
          "countersign keys create my-app --ttl 720h"};
}

absl::Status Print(const Invocation& invocation, const std::filesystem::path& folder,
                   const std::vector<NewFile>& files, const std::vector<std::string>& next) {
  json::Writer writer;
  writer.BeginObject().Key("files").BeginArray();
  for (const NewFile& file : files) writer.String((folder / file.path).string());
  writer.EndArray().Key("next").BeginArray();
  for (const std::string& command : next) writer.String(command);
  writer.EndArray().EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(writer.str()));
  PrintObject(invocation, document.root(), [&] {
    for (const NewFile& file : files) {
      invocation.out << output::Printable((folder / file.path).string()) << " written\n";
    }
    invocation.out << "\nNext:\n";
    for (const std::string& command : next) {
      invocation.out << "  " << output::Printable(command) << "\n";
    }
  });
  return absl::OkStatus();
}

absl::Status Init(const Invocation& invocation, InitOptions options) {
  if (isatty(STDIN_FILENO) != 0) {
    CS_RETURN_IF_ERROR(AskForMissing(std::cin, invocation.err, options.given));
  }
  CS_ASSIGN_OR_RETURN(const Answers answers, ReadAnswers(options.given));
  const std::filesystem::path folder = options.folder;
  const std::vector<NewFile> files = WriteFirstFolder(answers);
  const std::vector<std::string> existing = FindExisting(folder, files);
  if (!existing.empty() && !options.force) {
    return absl::AlreadyExistsError(absl::StrCat(absl::StrJoin(existing, ", "),
                                                 existing.size() == 1 ? " exists" : " exist",
                                                 "; name another folder, or replace with --force"));
  }
  CS_RETURN_IF_ERROR(WriteFiles(folder, files));
  return Print(invocation, folder, files, NextCommands(folder, answers));
}

}  // namespace

absl::Status AskForMissing(std::istream& in, std::ostream& out, GivenAnswers& given) {
  for (const Question& question : Questions()) {
    std::string& answer = given.*question.answer;
    const bool is_url = question.answer == &GivenAnswers::url;
    const std::string usual = is_url ? UsualUrl(given.provider) : std::string(question.usual);
    while (answer.empty()) {
      out << question.text << (usual.empty() ? "" : absl::StrCat(" [", usual, "]")) << " "
          << std::flush;
      if (!std::getline(in, answer)) return absl::CancelledError("nothing written");
      answer = std::string(absl::StripAsciiWhitespace(answer));
      if (answer.empty()) answer = usual;
      if (answer.empty()) continue;
      const std::string wrong = WhyNot(question, given);
      if (wrong.empty()) continue;
      out << output::Printable(wrong) << "\n";
      answer.clear();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Answers> ReadAnswers(const GivenAnswers& given) {
  std::vector<absl::string_view> missing;
  for (const Question& question : Questions()) {
    if ((given.*question.answer).empty()) missing.push_back(question.option);
  }
  if (!missing.empty()) {
    return command_line::Misuse(absl::StrCat(
        "without a terminal every answer is an option; missing: ", absl::StrJoin(missing, ", ")));
  }
  Answers answers{given.provider, given.url, ReadList(given.reviewers), ReadList(given.regulated),
                  ReadList(given.mask)};
  if (const absl::Status checked = CheckAnswers(answers); !checked.ok()) {
    return command_line::Misuse(checked.message());
  }
  return answers;
}

void AddInitVerb(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* verb = app.add_subcommand(
      "init", "Write a first folder of resources, by asking five questions; options answer them");
  verb->add_option("folder", options->folder, "Where to write")->capture_default_str();
  verb->add_option("--provider", options->given.provider,
                   absl::StrCat("One of ", absl::StrJoin(Providers(), ", ")))
      ->transform(command_line::Choice(Providers()));
  verb->add_option("--url", options->given.url, "Its address, as an SDK's base URL");
  verb->add_option("--reviewers", options->given.reviewers,
                   "Who reviews: names, or group:NAME, with commas; none");
  verb->add_option("--regulated", options->given.regulated,
                   "Words that need a review, with commas; none");
  verb->add_option("--mask", options->given.mask,
                   "What answers do not show: tier1, or entities with commas; none");
  verb->add_flag("--force", options->force, "Replace files that exist");
  verb->footer(
      "Examples:\n"
      "  countersign init\n"
      "  countersign init gateway --provider openai --url https://api.openai.com/v1 \\\n"
      "    --reviewers rosa,sam --regulated 'patient record,diagnosis' --mask tier1");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Init(invocation, *options); };
  });
}

}  // namespace countersign::cli::init
