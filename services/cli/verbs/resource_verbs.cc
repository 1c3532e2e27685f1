#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/config/resource_files.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/offline/resource_check.h"
#include "services/cli/output/line_diff.h"
#include "services/cli/output/output_file.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

constexpr absl::string_view kApply = "policy.v1.ResourceService/Apply";

struct ApplyOptions {
  std::vector<std::string> files;
  bool recursive = false;
  bool dry_run = false;
  bool no_wait = false;
};

void PrintUnchecked(const Invocation& invocation, const std::vector<std::string>& unchecked) {
  for (const std::string& what : unchecked) {
    invocation.err << "countersign: note: checked " << output::Printable(what) << "\n";
  }
}

// Reads the files and sends them. If they cannot be read as resources, all their mistakes are found
// here; otherwise the gateway compiles them, and doing that here would be twice the work.
absl::StatusOr<json::Document> SendApply(const Invocation& invocation,
                                         const ApplyOptions& options) {
  CS_ASSIGN_OR_RETURN(const auto files,
                      config::ReadResourceFiles(options.files, options.recursive));
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

absl::Status Apply(const Invocation& invocation, const ApplyOptions& options) {
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

// "policy", or "policy/name" as in kubectl.
absl::Status CheckKind(const std::string& text) {
  return config::KindFromUser(text.substr(0, text.find('/'))).status();
}

// Splits "policy/name" when the name is not given separately.
absl::Status SplitName(std::string& kind, std::string& name, bool needs_name) {
  const std::size_t slash = kind.find('/');
  if (slash != std::string::npos) {
    if (!name.empty() || slash + 1 == kind.size()) {
      return command_line::Misuse("name one resource as KIND NAME or KIND/NAME");
    }
    name = kind.substr(slash + 1);
    kind.resize(slash);
  }
  if (needs_name && name.empty()) return command_line::Misuse("the resource's name is missing");
  CS_ASSIGN_OR_RETURN(kind, config::KindFromUser(kind));
  return absl::OkStatus();
}

absl::Status Get(const Invocation& invocation, std::string kind, std::string name) {
  CS_RETURN_IF_ERROR(SplitName(kind, name, /*needs_name=*/false));
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject().Key("kind").String(kind).Key("name").String(name).EndObject();
  CS_ASSIGN_OR_RETURN(
      const json::Document answer,
      ListAll(*gateway, "policy.v1.ResourceService/GetResources", request.str(), 0));
  if (invocation.output() == output::Format::kTable) {
    PrintListing(
        invocation, answer,
        {{"KIND", "kind"}, {"NAME", "name"}, {"VERSION", "version"}, {"UPDATED", "updatedAt"}});
    return absl::OkStatus();
  }
  const json::Value items = answer.root()["items"];
  std::vector<std::string> written;
  for (std::size_t i = 0; i < items.size(); ++i) written.push_back(ToResourceDocument(items.at(i)));
  const std::string text =
      !name.empty() && written.size() == 1
          ? written[0]
          : absl::StrCat("{\"items\":[", absl::StrJoin(written, ","), "],\"nextPageToken\":\"\"}");
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  PrintObject(invocation, document.root(), [] {});
  return absl::OkStatus();
}

absl::Status Delete(const Invocation& invocation, std::string kind, std::string name,
                    bool no_wait) {
  CS_RETURN_IF_ERROR(SplitName(kind, name, /*needs_name=*/true));
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject().Key("kind").String(kind).Key("name").String(name);
  request.Key("noWait").Bool(no_wait).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      gateway->Call("policy.v1.ResourceService/DeleteResource", request.str()));
  PrintObject(invocation, answer.root(),
              [&] { invocation.out << kind << "/" << name << " deleted\n"; });
  WarnWaiting(invocation, answer.root()["waitingFor"]);
  return absl::OkStatus();
}

std::string KindsHelp() {
  return absl::StrCat("One of ", absl::StrJoin(config::Kinds(), ", "),
                      "; plural and lower case do");
}

void AddFilesOptions(CLI::App& verb, std::vector<std::string>& files, bool& recursive) {
  verb.add_option("-f,--filename", files, "Resource files or directories; - is standard input")
      ->required();
  verb.add_flag("-R,--recursive", recursive, "Read the directories within directories, too");
}

}  // namespace

void AddResourceVerbs(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App* verb = app.add_subcommand("apply", "Store resources: all of them or none");
  AddFilesOptions(*verb, options->files, options->recursive);
  verb->add_flag("--dry-run", options->dry_run, "Check everything, store nothing");
  verb->add_flag("--no-wait", options->no_wait, "Return before every part serves the new version");
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

  auto kind = std::make_shared<std::string>();
  auto name = std::make_shared<std::string>();
  auto no_wait = std::make_shared<bool>(false);
  verb = app.add_subcommand("get", "Show resources of a kind, or one of them");
  verb->add_option("kind", *kind, KindsHelp())->required()->check(command_line::Checked(CheckKind));
  verb->add_option("name", *name, "One resource; none: all of the kind");
  verb->callback([&invocation, kind, name] {
    invocation.action = [&invocation, kind, name] { return Get(invocation, *kind, *name); };
  });

  verb = app.add_subcommand("delete", "Delete a resource");
  verb->add_option("kind", *kind, KindsHelp())->required()->check(command_line::Checked(CheckKind));
  verb->add_option("name", *name, "The resource's name");
  verb->add_flag("--no-wait", *no_wait, "Return before every part serves the new version");
  verb->callback([&invocation, kind, name, no_wait] {
    invocation.action = [&invocation, kind, name, no_wait] {
      return Delete(invocation, *kind, *name, *no_wait);
    };
  });
}

}  // namespace countersign::cli::verbs
