#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/command_line/usage.h"
#include "libs/config/resource_draft.h"
#include "libs/config/resource_files.h"
#include "libs/config/source_lines.h"
#include "libs/json/writer.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/tokens/tokenizer.h"
#include "libs/text/tokens/tokenizer_names.h"
#include "services/cli/invocation.h"
#include "services/cli/offline/mask_input.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"
#include "services/masking/custom_shapes.h"
#include "services/masking/profile_compiler.h"

namespace countersign::cli::verbs {
namespace {

struct MaskOptions {
  std::string profile = "tier1";
  std::string file;
  std::string entities;
  std::string direction = "response";
  std::string format = "text";
  std::size_t chunk = 0;
  bool jsonl = false;
  bool hash = false;
  std::string key_file;
};

std::string MaskedJson(const offline::MaskedInput& input) {
  json::Writer writer;
  writer.BeginObject().Key("text").String(input.masked.text).Key("entities").BeginArray();
  for (std::size_t i = 0; i < input.masked.spans.size(); ++i) {
    const text::redaction::RedactedSpan& span = input.masked.spans[i];
    writer.BeginObject().Key("entity").String(span.entity);
    if (!input.fields.empty()) {
      writer.Key("field").String(input.fields[i]).EndObject();
      continue;
    }
    writer.Key("start").Int(static_cast<std::int64_t>(span.input_begin));
    writer.Key("end").Int(static_cast<std::int64_t>(span.input_end)).EndObject();
  }
  writer.EndArray().EndObject();
  return writer.str();
}

std::string JoinNames(const std::map<std::string, domain::MaskingProfile>& profiles) {
  return absl::StrJoin(profiles, ", ",
                       [](std::string* out, const auto& profile) { *out += profile.first; });
}

bool HasDictionary(const config::ResourceDraft& draft, const std::string& name) {
  return std::any_of(draft.resources.begin(), draft.resources.end(), [&](const auto& source) {
    return source.resource.kind == "Dictionary" && source.resource.name == name;
  });
}

absl::StatusOr<offline::MaskWork> Of(
    absl::StatusOr<std::shared_ptr<const text::redaction::RuleSet>> rules) {
  offline::MaskWork work;
  CS_ASSIGN_OR_RETURN(work.rules, std::move(rules));
  return work;
}

// The rules of a profile from resource files, or of a built-in one.
absl::StatusOr<offline::MaskWork> ProfileRules(const MaskOptions& options) {
  if (options.file.empty()) {
    // The built-in profiles mask answers only.
    if (options.profile == "none" ||
        (options.profile == "tier1" && options.direction == "prompt")) {
      return Of(text::redaction::RuleSet::Compile({}));
    }
    if (options.profile == "tier1") return Of(masking::CompileEntities({"tier1"}));
    return command_line::Misuse(absl::StrCat("there is no built-in profile \"", options.profile,
                                             "\" (tier1, none); name its file with -f"));
  }
  CS_ASSIGN_OR_RETURN(const auto files, config::ReadResourceFiles({options.file}));
  CS_ASSIGN_OR_RETURN(const config::ExternalValues values, config::ReadExternalValues(files));
  const config::ResourceDraft draft =
      config::ReadDraft(files, values, {.references = config::References::kMayLeadOutside});
  if (!draft.mistakes.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(draft.mistakes, "\n"));
  }
  const auto& profiles = draft.set->masking_profiles;
  const auto found = options.profile == "tier1" && profiles.size() == 1
                         ? profiles.begin()
                         : profiles.find(options.profile);
  if (found == profiles.end()) {
    return absl::NotFoundError(
        options.profile == "tier1"
            ? absl::StrCat(options.file, " holds ", profiles.size(),
                           " profiles; choose one with --profile")
            : absl::StrCat(options.file, " holds no MaskingProfile \"", options.profile, "\"",
                           profiles.empty() ? "" : ", but ", JoinNames(profiles)));
  }
  const bool prompt = options.direction == "prompt";
  for (const domain::MaskingRule& rule : prompt ? found->second.prompt : found->second.response) {
    if (rule.dictionary.empty() || HasDictionary(draft, rule.dictionary)) continue;
    return absl::InvalidArgumentError(absl::StrCat(options.file, " contains no Dictionary \"",
                                                   rule.dictionary, "\", which MaskingProfile/",
                                                   found->first, " uses"));
  }
  const auto compiled = masking::CompileProfile(found->second, draft.set->dictionaries,
                                                SecretString("countersign mask"));
  if (!compiled.ok()) {
    const std::vector<std::string> lines = absl::StrSplit(compiled.status().message(), '\n');
    return absl::InvalidArgumentError(
        absl::StrJoin(config::WithSourceLines(lines, draft.resources), "\n"));
  }
  offline::MaskWork work;
  work.rules = prompt ? compiled->prompt : compiled->response;
  work.unknown_events = compiled->unknown_events;
  return work;
}

absl::Status CheckEntities(const std::string& names) {
  return masking::CompileEntities(absl::StrSplit(names, ',')).status();
}

absl::StatusOr<offline::MaskWork> RulesFor(const MaskOptions& options) {
  if (options.entities.empty()) return ProfileRules(options);
  if (!options.file.empty() || options.profile != MaskOptions().profile) {
    return command_line::Misuse("--entities stands alone: profiles name their own entities");
  }
  return Of(masking::CompileEntities(absl::StrSplit(options.entities, ',')));
}

// Prints the result for each line of standard input as one JSON string.
absl::Status ForEachLine(const std::function<absl::Status(absl::string_view)>& use) {
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    const absl::StatusOr<json::Document> document = json::Document::Parse(line);
    if (!document.ok() || !document->root().is(json::Type::kString)) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " of the input is not a JSON string"));
    }
    CS_RETURN_IF_ERROR(use(document->root().text()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Utf8Input() {
  CS_ASSIGN_OR_RETURN(std::string input, ReadFile("-"));
  if (!IsUtf8(input)) return absl::InvalidArgumentError("the input is not valid UTF-8");
  return input;
}

// Prints, for each line of standard input, the value for `hashed.values` of a rule.
absl::Status RunHash(const Invocation& invocation, const MaskOptions& options) {
  std::string key;
  if (!options.key_file.empty()) {
    CS_ASSIGN_OR_RETURN(key, ReadFile(options.key_file));
    // Resources ignore a line break at the end of a key's file, so it is ignored here, too.
    if (absl::EndsWith(key, "\n")) key.pop_back();
    if (absl::EndsWith(key, "\r")) key.pop_back();
    if (key.empty()) return absl::InvalidArgumentError(options.key_file + " contains no key");
  }
  CS_ASSIGN_OR_RETURN(const std::string input, Utf8Input());
  const SecretString secret(std::move(key));
  for (const absl::string_view line : absl::StrSplit(input, '\n')) {
    if (masking::NormalizedForHash(line).empty()) continue;
    invocation.out << masking::HashValue(line, secret) << "\n";
  }
  return absl::OkStatus();
}

absl::Status RunMask(const Invocation& invocation, const MaskOptions& options) {
  if (options.hash) return RunHash(invocation, options);
  CS_ASSIGN_OR_RETURN(offline::MaskWork work, RulesFor(options));
  work.chunk = options.chunk;
  work.form = options.format == "json"     ? offline::MaskForm::kJson
              : options.format == "answer" ? offline::MaskForm::kAnswer
                                           : offline::MaskForm::kText;
  if (options.jsonl) {
    return ForEachLine([&](absl::string_view text) -> absl::Status {
      CS_ASSIGN_OR_RETURN(const offline::MaskedInput masked, offline::MaskInput(work, text));
      invocation.out << MaskedJson(masked) << "\n";
      return absl::OkStatus();
    });
  }
  CS_ASSIGN_OR_RETURN(const std::string input, Utf8Input());
  CS_ASSIGN_OR_RETURN(const offline::MaskedInput masked, offline::MaskInput(work, input));
  if (invocation.output() == output::Format::kTable) {
    invocation.out << masked.masked.text;
    return absl::OkStatus();
  }
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(MaskedJson(masked)));
  PrintObject(invocation, document.root(), [] {});
  return absl::OkStatus();
}

absl::Status RunTokens(const Invocation& invocation, const std::string& name, bool jsonl) {
  CS_ASSIGN_OR_RETURN(const text::tokens::Tokenizer* tokenizer,
                      text::tokens::Tokenizer::ByName(name));
  if (jsonl) {
    return ForEachLine([&](absl::string_view text) {
      invocation.out << "{\"tokens\": " << tokenizer->Count(text) << "}\n";
      return absl::OkStatus();
    });
  }
  CS_ASSIGN_OR_RETURN(const std::string input, Utf8Input());
  const std::size_t tokens = tokenizer->Count(input);
  json::Writer writer;
  writer.BeginObject().Key("tokens").Int(static_cast<std::int64_t>(tokens));
  writer.Key("tokenizer").String(tokenizer->name());
  writer.Key("exact").Bool(tokenizer->exact()).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(writer.str()));
  PrintObject(invocation, document.root(), [&] { invocation.out << tokens << "\n"; });
  return absl::OkStatus();
}

std::string CheckTokenizer(const std::string& name) {
  if (!text::tokens::TokenizerNameFor(name).empty()) return {};
  return absl::StrCat("no tokenizer \"", name, "\"; known are ", text::tokens::KnownTokenizers());
}

}  // namespace

void AddEngineVerbs(CLI::App& app, Invocation& invocation) {
  auto mask = std::make_shared<MaskOptions>();
  CLI::App* verb = app.add_subcommand("mask", "Mask the text of standard input, without a server");
  verb->add_option("--profile", mask->profile, "tier1 (default), none, or one of the file's");
  verb->add_option("-f,--filename", mask->file, "A file of resources with profiles");
  verb->add_option("--entities", mask->entities,
                   "Entities to look for, separated by commas, or all")
      ->check(command_line::Checked(CheckEntities));
  verb->add_option("--chunk", mask->chunk, "Feed this many bytes at a time")
      ->check(command_line::WholeNumber(1));
  verb->add_flag("--jsonl", mask->jsonl,
                 "Read one JSON string per line, write one object per line");
  verb->add_option("--direction", mask->direction, "response (default) or prompt: which rules")
      ->transform(command_line::Choice({"response", "prompt"}));
  verb->add_option("--format", mask->format,
                   "text (default); json: documents, masked in their strings and numbers; or "
                   "answer: what a model answered, whole or as a stream")
      ->transform(command_line::Choice({"text", "json", "answer"}));
  CLI::Option* hash =
      verb->add_flag("--hash", mask->hash, "Hash each line, as a rule's hashed.values lists them");
  verb->add_option("--key", mask->key_file, "With --hash: a file whose content is the key")
      ->needs(hash);
  verb->callback([&invocation, mask] {
    invocation.action = [&invocation, mask] { return RunMask(invocation, *mask); };
  });

  auto tokenizer = std::make_shared<std::string>("o200k_base");
  auto jsonl = std::make_shared<bool>(false);
  verb = app.add_subcommand("tokens", "Count the tokens of standard input");
  verb->add_option("--tokenizer", *tokenizer,
                   absl::StrCat("o200k_base (default); ", text::tokens::KnownTokenizers()))
      ->check(CLI::Validator(CheckTokenizer, ""));
  verb->add_flag("--jsonl", *jsonl, "Read one JSON string per line, write one object per line");
  verb->callback([&invocation, tokenizer, jsonl] {
    invocation.action = [&invocation, tokenizer, jsonl] {
      return RunTokens(invocation, *tokenizer, *jsonl);
    };
  });
}

}  // namespace countersign::cli::verbs
