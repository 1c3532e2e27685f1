#include "services/cli/resources/resource_verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/config/resource_files.h"
#include "libs/config/resource_reader.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/offline/resource_check.h"
#include "services/cli/output/line_diff.h"
#include "services/cli/output/output_file.h"
#include "services/cli/resources/apply.h"
#include "services/cli/resources/label_selector.h"
#include "services/cli/resources/resource_names.h"

namespace countersign::cli::resources {
namespace {

constexpr absl::string_view kApply = "policy.v1.ResourceService/Apply";

void PrintUnchecked(const Invocation& invocation, const std::vector<std::string>& unchecked) {
  for (const std::string& what : unchecked) {
    invocation.err << "countersign: note: checked " << output::Printable(what) << "\n";
  }
}

// Reads the files and sends them. If they cannot be read as resources, all their mistakes are found
// here; otherwise the gateway compiles them, and doing that here would be twice the work.
absl::StatusOr<json::Document> SendApply(const Invocation& invocation,
                                         const ApplyOptions& options) {
  std::vector<config::SourceFile> files = options.given;
  if (files.empty()) {
    CS_ASSIGN_OR_RETURN(files, config::ReadResourceFiles(options.files, options.recursive));
  }
  CS_ASSIGN_OR_RETURN(const config::ExternalValues values, config::ReadExternalValues(files));
  // A dry run needs no secrets: the gateway treats stored ones as unchanged.
  const auto secrets =
      options.dry_run ? config::Secrets::kMayBeMissing : config::Secrets::kRequired;
  const auto read = config::ReadResources(files, values, secrets);
  if (!read.ok()) {
    const auto checked = offline::CheckResources(
        files, values, {.references = config::References::kMayLeadOutside, .secrets = secrets});
    return checked.ok() ? read.status() : checked.status();
  }
  PrintUnchecked(invocation, offline::DescribeUnchecked(*read));
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject().Key("files").BeginArray();
  for (const config::SourceFile& file : files) {
    request.BeginObject().Key("name").String(file.name);
    request.Key("content").String(file.content).EndObject();
  }
  request.EndArray().Key("values").BeginObject();
  for (const auto& [key, value] : values) request.Key(key).String(value);
  request.EndObject().Key("dryRun").Bool(options.dry_run);
  request.Key("noWait").Bool(options.no_wait).EndObject();
  return gateway->Call(kApply, request.str());
}

void WarnWaiting(const Invocation& invocation, json::Value waiting) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < waiting.size(); ++i) parts.emplace_back(waiting.at(i).text());
  if (parts.empty()) return;
  invocation.err << "countersign: stored, but not served yet by "
                 << output::Printable(absl::StrJoin(parts, ", ")) << "\n";
}

std::string DisplayName(json::Value item) {
  return output::Printable(absl::StrCat(item["kind"].text(), "/", item["name"].text()));
}

// Deletes the resources with the labels of the selector that are not in `items`, the applied ones.
// Kinds go one after the other, those that refer to others first.
absl::Status Prune(const Invocation& invocation, GatewayClient& gateway, json::Value items,
                   const ApplyOptions& options) {
  CS_ASSIGN_OR_RETURN(const LabelSelector selector, LabelSelector::Parse(options.selector));
  std::set<std::string> applied;
  for (std::size_t i = 0; i < items.size(); ++i) applied.insert(DisplayName(items.at(i)));
  std::vector<ResourceName> gone;
  for (const std::string& kind : config::Kinds()) {
    CS_ASSIGN_OR_RETURN(const json::Document listing, GetResources(gateway, {kind, ""}));
    const json::Value stored = listing.root()["items"];
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (!selector.Matches(stored.at(i)["labels"])) continue;
      if (applied.count(DisplayName(stored.at(i))) != 0) continue;
      gone.push_back({kind, std::string(stored.at(i)["name"].text())});
    }
  }
  SortForDeletion(gone);
  for (const ResourceName& one : gone) {
    if (options.dry_run) {
      invocation.out << one.kind << "/" << output::Printable(one.name) << " deleted (dry run)\n";
      continue;
    }
    CS_RETURN_IF_ERROR(DeleteResource(invocation, gateway, one, options.no_wait));
  }
  return absl::OkStatus();
}

std::string AsYaml(absl::string_view json) {
  if (json.empty()) return "";
  const auto document = json::Document::Parse(json);
  if (!document.ok()) return std::string(json);
  std::ostringstream out;
  output::PrintYaml(out, document->root());
  return out.str();
}

absl::Status Diff(const Invocation& invocation, ApplyOptions options) {
  options.dry_run = true;
  const absl::StatusOr<json::Document> answer = SendApply(invocation, options);
  // As with diff, 1 means that something differs, so failures use 2.
  if (!answer.ok()) return command_line::Misuse(answer.status().message());
  const json::Value items = answer->root()["items"];
  std::size_t changed = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const json::Value item = items.at(i);
    if (item["result"].text() == "unchanged") continue;
    ++changed;
    invocation.out << "--- " << DisplayName(item) << " (stored)\n"
                   << "+++ " << DisplayName(item) << " (given)\n"
                   << output::LineDiff(AsYaml(item["before"].text()), AsYaml(item["after"].text()));
  }
  if (const absl::Status shown = output::Flush(invocation.out); !shown.ok()) {
    return command_line::Misuse(shown.message());
  }
  if (changed == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(changed, changed == 1 ? " resource differs" : " resources differ"));
}

struct ValidateOptions {
  std::vector<std::string> files;
  bool recursive = false;
  bool partial = false;
};

std::string ReportJson(const offline::CheckReport& report) {
  json::Writer writer;
  writer.BeginObject().Key("valid").Int(static_cast<std::int64_t>(report.resources));
  for (const auto& [name, lines] :
       {std::pair("unchecked", &report.unchecked), std::pair("warnings", &report.warnings)}) {
    writer.Key(name).BeginArray();
    for (const std::string& line : *lines) writer.String(line);
    writer.EndArray();
  }
  return writer.EndObject().str();
}

absl::Status Validate(const Invocation& invocation, const ValidateOptions& options) {
  CS_ASSIGN_OR_RETURN(const auto files,
                      config::ReadResourceFiles(options.files, options.recursive));
  CS_ASSIGN_OR_RETURN(const config::ExternalValues values, config::ReadExternalValues(files));
  CS_ASSIGN_OR_RETURN(
      const offline::CheckReport report,
      offline::CheckResources(files, values,
                              {.references = options.partial ? config::References::kMayLeadOutside
                                                             : config::References::kWithinFiles,
                               .secrets = config::Secrets::kMayBeMissing}));
  PrintUnchecked(invocation, report.unchecked);
  for (const std::string& warning : report.warnings) {
    invocation.err << "countersign: warning: " << output::Printable(warning) << "\n";
  }
  CS_ASSIGN_OR_RETURN(const json::Document answer, json::Document::Parse(ReportJson(report)));
  PrintObject(invocation, answer.root(), [&] {
    invocation.out << report.resources
                   << (report.resources == 1 ? " resource is valid\n" : " resources are valid\n");
  });
  return absl::OkStatus();
}

void AddFilesOptions(CLI::App& verb, std::vector<std::string>& files, bool& recursive) {
  verb.add_option("-f,--filename", files, "Resource files or directories; - is standard input")
      ->required();
  verb.add_flag("-R,--recursive", recursive, "Read the directories within directories, too");
}

}  // namespace

absl::Status Apply(const Invocation& invocation, const ApplyOptions& options) {
  if (options.prune == options.selector.empty()) {
    return command_line::Misuse("--prune and -l go together: what may be deleted needs labels");
  }
  CS_ASSIGN_OR_RETURN(const json::Document answer, SendApply(invocation, options));
  PrintObject(invocation, answer.root(), [&] {
    const json::Value items = answer.root()["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      invocation.out << DisplayName(items.at(i)) << " "
                     << output::Printable(items.at(i)["result"].text())
                     << (options.dry_run ? " (dry run)" : "") << "\n";
    }
  });
  WarnWaiting(invocation, answer.root()["waitingFor"]);
  if (!options.prune) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  return Prune(invocation, *gateway, answer.root()["items"], options);
}

absl::Status DeleteResource(const Invocation& invocation, GatewayClient& gateway,
                            const ResourceName& name, bool no_wait) {
  json::Writer request;
  request.BeginObject().Key("kind").String(name.kind).Key("name").String(name.name);
  request.Key("noWait").Bool(no_wait).EndObject();
  const auto deleted = gateway.Call("policy.v1.ResourceService/DeleteResource", request.str());
  if (absl::IsNotFound(deleted.status())) return SuggestName(gateway, name, deleted.status());
  CS_RETURN_IF_ERROR(deleted.status());
  const json::Document& answer = *deleted;
  PrintObject(invocation, answer.root(), [&] {
    invocation.out << name.kind << "/" << output::Printable(name.name) << " deleted\n";
  });
  WarnWaiting(invocation, answer.root()["waitingFor"]);
  return absl::OkStatus();
}

void SortForDeletion(std::vector<ResourceName>& names) {
  static const auto& order = *new std::vector<std::string>{
      "Policy",     "MaskingProfile", "Dictionary", "RoleBinding",
      "Connection", "Credential",     "Identity",   "IdentityProvider"};
  const auto place = [](const ResourceName& one) {
    return std::find(order.begin(), order.end(), one.kind) - order.begin();
  };
  std::stable_sort(names.begin(), names.end(), [&](const ResourceName& a, const ResourceName& b) {
    return place(a) < place(b);
  });
}

void AddResourceVerbs(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App* verb = app.add_subcommand("apply", "Store resources: all of them or none");
  AddFilesOptions(*verb, options->files, options->recursive);
  verb->add_flag("--dry-run", options->dry_run, "Check everything, store nothing");
  verb->add_flag("--no-wait", options->no_wait, "Return before every part serves the new version");
  verb->add_flag("--prune", options->prune,
                 "Then delete what has the labels of -l and is not in the files");
  verb->add_option("-l,--selector", options->selector, "The labels for --prune: team=legal");
  verb->footer(
      "Examples:\n"
      "  countersign apply -f policies/\n"
      "  countersign apply -f policies/ --prune -l managed-by=git");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Apply(invocation, *options); };
  });

  auto diff = std::make_shared<ApplyOptions>();
  verb = app.add_subcommand(
      "diff",
      "Show what apply would change; exit status 0 if nothing, 1 if anything, 2 if it failed");
  AddFilesOptions(*verb, diff->files, diff->recursive);
  verb->callback([&invocation, diff] {
    invocation.action = [&invocation, diff] { return Diff(invocation, *diff); };
  });

  auto validate = std::make_shared<ValidateOptions>();
  verb = app.add_subcommand("validate", "Check resource files without a gateway");
  AddFilesOptions(*verb, validate->files, validate->recursive);
  verb->add_flag("--partial", validate->partial,
                 "Allow references to resources that the gateway has and the files have not");
  verb->callback([&invocation, validate] {
    invocation.action = [&invocation, validate] { return Validate(invocation, *validate); };
  });
}

}  // namespace countersign::cli::resources
