#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
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
#include "services/cli/resources/apply.h"
#include "services/cli/resources/resource_names.h"
#include "services/cli/resources/resource_verbs.h"
#include "services/cli/user_files.h"

namespace countersign::cli::resources {
namespace {

struct DeleteOptions {
  std::vector<std::string> words;
  std::vector<std::string> files;
  bool recursive = false;
  bool no_wait = false;
  bool yes = false;
};

absl::StatusOr<std::vector<ResourceName>> NamesInFiles(const DeleteOptions& options) {
  CS_ASSIGN_OR_RETURN(const auto files,
                      config::ReadResourceFiles(options.files, options.recursive));
  CS_ASSIGN_OR_RETURN(const config::ExternalValues values, config::ReadExternalValues(files));
  CS_ASSIGN_OR_RETURN(const auto resources,
                      config::ReadResources(files, values, config::Secrets::kMayBeMissing));
  std::vector<ResourceName> names;
  for (const config::SourcedResource& one : resources) {
    names.push_back({one.resource.kind, one.resource.name});
  }
  return names;
}

absl::StatusOr<std::vector<ResourceName>> NamesToDelete(const DeleteOptions& options) {
  if (options.files.empty() == options.words.empty()) {
    return command_line::Misuse("name what to delete: KIND NAME, KIND/NAME, or -f FILE");
  }
  if (!options.files.empty()) return NamesInFiles(options);
  return ReadFullResourceNames(options.words);
}

// Names what would be deleted, and asks.
bool Agreed(const Invocation& invocation, const std::vector<ResourceName>& names) {
  std::vector<std::string> all;
  for (const ResourceName& one : names) all.push_back(absl::StrCat(one.kind, "/", one.name));
  return Confirmed(invocation,
                   absl::StrCat("Delete ", output::Printable(absl::StrJoin(all, ", ")), "?"));
}

absl::Status Delete(const Invocation& invocation, const DeleteOptions& options) {
  CS_ASSIGN_OR_RETURN(std::vector<ResourceName> names, NamesToDelete(options));
  SortForDeletion(names);
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  if (!options.yes && !Agreed(invocation, names)) return absl::CancelledError("nothing deleted");
  for (const ResourceName& one : names) {
    CS_RETURN_IF_ERROR(DeleteResource(invocation, *gateway, one, options.no_wait));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> AsYaml(GatewayClient& gateway, const std::vector<ResourceName>& names) {
  std::ostringstream text;
  for (const ResourceName& one : names) {
    CS_ASSIGN_OR_RETURN(const json::Document listing, GetResources(gateway, one));
    const json::Value items = listing.root()["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      CS_ASSIGN_OR_RETURN(const json::Document document,
                          json::Document::Parse(ToResourceDocument(items.at(i)), {64u << 20, 64}));
      text << (text.tellp() > 0 ? "---\n" : "");
      output::PrintYaml(text, document.root());
    }
  }
  return text.str();
}

std::string Editor() {
  for (const char* const variable : {"COUNTERSIGN_EDITOR", "VISUAL", "EDITOR"}) {
    if (std::string editor = Environment(variable); !editor.empty()) return editor;
  }
  return "vi";
}

absl::Status Edit(const Invocation& invocation, const std::vector<std::string>& words) {
  CS_ASSIGN_OR_RETURN(const std::vector<ResourceName> names, ReadFullResourceNames(words));
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::string before, AsYaml(*gateway, names));
  std::string folder =
      (std::filesystem::temp_directory_path() / "countersign-edit-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat(folder, ": no temporary folder could be made"));
  }
  const std::string file = absl::StrCat(folder, "/", names[0].kind, "-", names[0].name, ".yaml");
  CS_RETURN_IF_ERROR(WriteFile(file, before));
  const std::string editor = Editor();
  invocation.out << std::flush;
  // The editor may have arguments, as in "code --wait".
  const int status = std::system(absl::StrCat(editor, " '", file, "'").c_str());  // NOLINT
  if (status != 0) {
    return absl::CancelledError(absl::StrCat("the editor \"", editor, "\" failed; your text is in ",
                                             file, " (set EDITOR to another one)"));
  }
  CS_ASSIGN_OR_RETURN(const std::string after, ReadFile(file));
  absl::Status applied = absl::OkStatus();
  if (after == before) {
    invocation.out << "nothing changed\n";
  } else {
    applied = Apply(invocation, {.files = {file}});
  }
  if (!applied.ok()) {
    return Annotate(applied, absl::StrCat("not applied; your text is in ", file));
  }
  std::filesystem::remove_all(folder);
  return absl::OkStatus();
}

}  // namespace

void AddEditVerbs(CLI::App& app, Invocation& invocation) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = app.add_subcommand("edit", "Change a resource in your editor ($EDITOR)");
  verb->add_option("kind", *words, absl::StrCat(KindsHelp(), "; then the name. Or KIND/NAME"))
      ->required()
      ->expected(1, -1)
      ->check(command_line::Checked(CheckKindWord).application_index(0));
  verb->footer("Examples:\n  EDITOR='code --wait' countersign edit policy default");
  verb->callback([&invocation, words] {
    invocation.action = [&invocation, words] { return Edit(invocation, *words); };
  });

  auto options = std::make_shared<DeleteOptions>();
  verb = app.add_subcommand("delete", "Delete resources");
  verb->add_option("kind", options->words, absl::StrCat(KindsHelp(), "; then names. Or KIND/NAME"))
      ->expected(1, -1)
      ->check(command_line::Checked(CheckKindWord).application_index(0));
  verb->add_option("-f,--filename", options->files, "Delete what these files or directories have");
  verb->add_flag("-R,--recursive", options->recursive, "Read directories within directories, too");
  verb->add_flag("-y,--yes", options->yes, "Do not ask on a terminal");
  verb->add_flag("--no-wait", options->no_wait, "Return before every part serves the new version");
  verb->footer(
      "Examples:\n"
      "  countersign delete policy old-rule\n"
      "  countersign delete -f policies/");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Delete(invocation, *options); };
  });
}

}  // namespace countersign::cli::resources
