#include "services/cli/create/create_verb.h"

#include <CLI/CLI.hpp>
#include <deque>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/config/reference/resource_reference.h"
#include "libs/config/resource_files.h"
#include "services/cli/create/create_flags.h"
#include "services/cli/invocation.h"
#include "services/cli/offline/resource_check.h"
#include "services/cli/resources/apply.h"

namespace countersign::cli::create {
namespace {

struct CreateOptions {
  std::string kind;
  std::string name;
  std::deque<std::pair<const Flag*, std::vector<std::string>>> values;  // as the options gave them
  std::vector<std::string> sets;                                        // PATH=VALUE
  std::vector<std::string> labels;                                      // NAME=VALUE
  bool dry_run = false;
  bool no_wait = false;
};

absl::StatusOr<std::pair<std::string, std::string>> SplitPair(absl::string_view option,
                                                              const std::string& text) {
  const std::pair<std::string, std::string> pair = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (pair.first.empty() || text.find('=') == std::string::npos) {
    return command_line::Misuse(absl::StrCat(option, ": \"", text, "\" is not NAME=VALUE"));
  }
  return pair;
}

absl::StatusOr<std::string> BuildDocument(const CreateOptions& options) {
  ResourceBuilder builder(options.kind, options.name);
  for (const std::string& label : options.labels) {
    CS_ASSIGN_OR_RETURN(const auto pair, SplitPair("--label", label));
    builder.AddLabel(pair.first, pair.second);
  }
  for (const auto& [flag, values] : options.values) {
    for (const std::string& value : values) {
      const absl::Status applied = ApplyFlag(*flag, value, builder);
      if (!applied.ok()) return command_line::Misuse(applied.message());
    }
  }
  for (const std::string& set : options.sets) {
    CS_ASSIGN_OR_RETURN(const auto pair, SplitPair("--set", set));
    const absl::Status applied = builder.Set(pair.first, pair.second);
    if (!applied.ok()) {
      return command_line::Misuse(absl::StrCat("--set ", pair.first, ": ", applied.message()));
    }
  }
  return builder.str();
}

// Prints the resource as a file for `apply`.
absl::Status PrintDocument(const Invocation& invocation, const std::string& document) {
  CS_ASSIGN_OR_RETURN(const json::Document parsed, json::Document::Parse(document));
  PrintObject(invocation, parsed.root(), [&] { output::PrintYaml(invocation.out, parsed.root()); });
  return absl::OkStatus();
}

absl::Status RefuseExisting(const Invocation& invocation, const CreateOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  const auto found = resources::GetResources(*gateway, {options.kind, options.name});
  if (absl::IsNotFound(found.status())) return absl::OkStatus();
  CS_RETURN_IF_ERROR(found.status());
  if (found->root()["items"].size() == 0) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(options.kind, "/", options.name, " exists; change it with countersign edit ",
                   options.kind, " ", options.name, ", or with countersign apply"));
}

absl::Status Create(const Invocation& invocation, const CreateOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::string document, BuildDocument(options));
  const std::vector<config::SourceFile> files = {{"", document}};
  CS_ASSIGN_OR_RETURN(const config::ExternalValues values, config::ReadExternalValues(files));
  const auto checked = offline::CheckResources(
      files, values,
      {.references = config::References::kMayLeadOutside,
       .secrets = options.dry_run ? config::Secrets::kMayBeMissing : config::Secrets::kRequired});
  if (!checked.ok()) {
    return absl::InvalidArgumentError(offline::WithoutPlaces(checked.status().message()));
  }
  if (options.dry_run) return PrintDocument(invocation, document);
  CS_RETURN_IF_ERROR(RefuseExisting(invocation, options));
  resources::ApplyOptions apply;
  apply.given = files;
  apply.no_wait = options.no_wait;
  const absl::Status applied = resources::Apply(invocation, apply);
  return absl::Status(applied.code(), offline::WithoutPlaces(applied.message()));
}

// Examples of each kind, one per line.
std::string Examples(absl::string_view kind) {
  static const auto& examples = *new std::map<absl::string_view, absl::string_view>{
      {"IdentityProvider",
       "  countersign create identityprovider okta --issuer https://example.okta.com \\\n"
       "    --audience countersign --profile okta"},
      {"Identity", "  countersign create identity ci-bot --kind ci --group ci --owner alice"},
      {"RoleBinding", "  countersign create rolebinding callers --role caller --group ci,agents"},
      {"Credential",
       "  countersign create credential openai-key --bearer-env OPENAI_API_KEY\n"
       "  countersign create credential azure-key --header api-key --header-env AZURE_KEY"},
      {"Connection",
       "  countersign create connection openai --protocol openai \\\n"
       "    --url https://api.openai.com/v1 --credential openai-key --default\n"
       "  countersign create connection llm --protocol openai --url http://vllm:8000/v1 \\\n"
       "    --private --set match.pathPrefix=/llm --dry-run -o yaml"},
      {"Dictionary",
       "  countersign create dictionary codenames --term bluebird --term 'project atlas'\n"
       "  countersign create dictionary names --from-file names.txt"},
      {"MaskingProfile",
       "  countersign create maskingprofile standard --entity tier1,iban --prompt-entity "
       "'secret.*'"},
      {"Policy",
       "  countersign create policy no-codenames --dictionary codenames --deny 'They stay "
       "inside.'\n"
       "  countersign create policy long --over-tokens 4000 --reviewer security --priority 100"}};
  const auto found = examples.find(kind);
  return absl::StrCat("Examples:\n", found == examples.end() ? "" : found->second);
}

void AddKind(CLI::App& group, Invocation& invocation, const std::string& kind) {
  auto options = std::make_shared<CreateOptions>();
  options->kind = kind;
  const std::string lower = absl::AsciiStrToLower(kind);
  CLI::App* verb = group.add_subcommand(lower, absl::StrCat("Create a ", kind));
  verb->ignore_case();
  verb->add_option("name", options->name, "Its name")->required();
  for (const Flag& flag : Flags()) {
    if (flag.kind != kind) continue;
    auto& values = options->values.emplace_back(&flag, std::vector<std::string>()).second;
    const std::string option(flag.option);
    if (flag.form == Form::kSwitch) {
      verb->add_flag_callback(
          option, [&values] { values = {""}; }, DescribeFlag(flag));
    } else if (flag.repeated) {
      verb->add_option(option, values, DescribeFlag(flag))->take_all()->expected(1);
    } else {
      verb->add_option(option, values, DescribeFlag(flag))->expected(1)->take_last();
    }
  }
  verb->add_option(
          "--set", options->sets,
          absl::StrCat("Any field, PATH=VALUE: countersign explain ", lower, " shows them"))
      ->take_all()
      ->expected(1);
  verb->add_option("--label", options->labels, "A label, NAME=VALUE")->take_all()->expected(1);
  verb->add_flag("--dry-run", options->dry_run,
                 "Print what would be created, as a file for apply, and create nothing");
  verb->add_flag("--no-wait", options->no_wait, "Return before every part serves it");
  verb->footer(Examples(kind));
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Create(invocation, *options); };
  });
}

}  // namespace

void AddCreateVerb(CLI::App& app, Invocation& invocation) {
  CLI::App* const group =
      app.add_subcommand("create", "Create a resource from options, if there is none of its name");
  group->require_subcommand(1);
  for (const auto& kind : config::reference::Kinds()) AddKind(*group, invocation, kind.name);
  group->footer(
      "Examples:\n"
      "  countersign create identity ci-bot --kind ci --group ci\n"
      "  countersign create policy everything-else --allow --dry-run -o yaml > policy.yaml");
}

}  // namespace countersign::cli::create
