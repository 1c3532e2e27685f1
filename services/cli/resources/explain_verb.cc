#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/base/text/edit_distance.h"
#include "libs/command_line/usage.h"
#include "libs/config/reference/json_schema.h"
#include "libs/config/reference/markdown.h"
#include "libs/config/reference/resource_reference.h"
#include "libs/config/reference/wrap_words.h"
#include "libs/config/resource_reader.h"
#include "services/cli/invocation.h"
#include "services/cli/resources/resource_verbs.h"

namespace countersign::cli::resources {
namespace {

using config::reference::ChildFields;
using config::reference::Field;
using config::reference::Kind;
using config::reference::LeafName;

// Columns at which words are wrapped where no terminal says otherwise.
constexpr std::size_t kPageWidth = 80;

struct ExplainOptions {
  std::string what;
  bool recursive = false;
  bool schema = false;
  bool example = false;
  bool page = false;
};

void PrintWrapped(const Invocation& invocation, absl::string_view text, std::size_t indent) {
  const std::size_t width = invocation.width == 0 ? kPageWidth : invocation.width;
  const std::size_t room = width > indent ? width - indent : 1;
  for (const std::string& line : config::reference::WrapWords(text, room)) {
    invocation.out << std::string(indent, ' ') << line << "\n";
  }
}

std::string TypeInWords(const Field& field) {
  std::string text = absl::StrCat("<", field.type, ">");
  if (field.required) text += " required";
  if (!field.fallback.empty()) absl::StrAppend(&text, " default ", field.fallback);
  return text;
}

void PrintFields(const Invocation& invocation, const Kind& kind, absl::string_view path,
                 bool recursive, std::size_t indent) {
  for (const Field* const field : ChildFields(kind, path)) {
    invocation.out << std::string(indent, ' ') << LeafName(*field) << "  " << TypeInWords(*field)
                   << "\n";
    if (!recursive) PrintWrapped(invocation, field->about, indent + 2);
    // Conditions hold conditions without end.
    const bool nested =
        !absl::EndsWith(field->type, "condition") && field->type != "list of conditions";
    const bool outermost = path == "spec" && field->type == "condition";
    if (recursive && (nested || outermost)) {
      PrintFields(invocation, kind, field->path, true, indent + 2);
    }
  }
}

absl::Status ExplainKind(const Invocation& invocation, const Kind& kind, bool recursive) {
  invocation.out << "KIND:     " << kind.name << "\nVERSION:  countersign/v1\n\n";
  PrintWrapped(invocation, kind.about, 0);
  invocation.out << "\nFIELDS of spec:\n";
  PrintFields(invocation, kind, "spec", recursive, 2);
  return absl::OkStatus();
}

std::string AllPaths(const Kind& kind, const std::string& wanted) {
  std::vector<std::string> paths;
  for (const Field& field : kind.fields) paths.push_back(field.path);
  const std::string meant = ProbablyMeant(wanted, paths);
  if (!meant.empty()) return absl::StrCat("; did you mean ", kind.name, ".", meant, "?");
  return absl::StrCat("; countersign explain ", kind.name, " --recursive lists them");
}

absl::Status ExplainField(const Invocation& invocation, const Kind& kind, const std::string& path,
                          bool recursive) {
  const Field* field = config::reference::FindField(kind, path);
  if (field == nullptr) field = config::reference::FindField(kind, absl::StrCat("spec.", path));
  if (field == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(kind.name, " has no field ", path, AllPaths(kind, path)));
  }
  invocation.out << "KIND:     " << kind.name << "\nFIELD:    " << field->path << " "
                 << TypeInWords(*field) << "\n\n";
  PrintWrapped(invocation, field->about, 0);
  if (field->type == "value") {
    PrintWrapped(invocation, "Exactly one of {inline: TEXT}, {env: VARIABLE} and {file: PATH}.", 0);
  }
  if (ChildFields(kind, field->path).empty()) return absl::OkStatus();
  invocation.out << "\nFIELDS:\n";
  PrintFields(invocation, kind, field->path, recursive, 2);
  return absl::OkStatus();
}

absl::Status ExplainKinds(const Invocation& invocation) {
  for (const Kind& kind : config::reference::Kinds()) {
    invocation.out << kind.name << "\n";
    PrintWrapped(invocation, kind.about, 2);
  }
  return absl::OkStatus();
}

absl::Status PrintSchema(const Invocation& invocation, const std::string& text) {
  CS_ASSIGN_OR_RETURN(const json::Document schema, json::Document::Parse(text));
  output::PrintJson(invocation.out, schema.root());
  return absl::OkStatus();
}

absl::Status Explain(const Invocation& invocation, const ExplainOptions& options) {
  if (options.page) {
    invocation.out << config::reference::ReferencePage();
    return absl::OkStatus();
  }
  if (options.what.empty()) {
    return options.schema ? PrintSchema(invocation, config::reference::AnyKindSchema())
                          : ExplainKinds(invocation);
  }
  const std::size_t dot = options.what.find('.');
  const auto name = config::KindFromUser(options.what.substr(0, dot));
  if (!name.ok()) return command_line::Misuse(name.status().message());
  const Kind* const kind = config::reference::FindKind(*name);
  if (kind == nullptr) return absl::InternalError(absl::StrCat(*name, " is not explained"));
  if (options.schema) return PrintSchema(invocation, config::reference::KindSchema(*kind));
  if (options.example) {
    invocation.out << absl::StrJoin(kind->examples, "---\n");
    return absl::OkStatus();
  }
  if (dot == std::string::npos) return ExplainKind(invocation, *kind, options.recursive);
  return ExplainField(invocation, *kind, options.what.substr(dot + 1), options.recursive);
}

}  // namespace

void AddExplainVerb(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* verb = app.add_subcommand("explain", "Explain a kind of resource or one of its fields");
  verb->add_option("what", options->what, "KIND or KIND.FIELD; none: all kinds");
  verb->add_flag("--recursive", options->recursive, "With the fields of its fields, without words");
  verb->add_flag("--example", options->example, "Print examples, to begin with");
  verb->add_flag("--schema", options->schema, "Print the JSON Schema, for editors");
  verb->add_flag("--page", options->page, "Print the reference of all kinds, in Markdown");
  verb->footer(
      "Examples:\n"
      "  countersign explain policy\n"
      "  countersign explain policy.spec.then.review.hold\n"
      "  countersign explain connection --example > connection.yaml");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Explain(invocation, *options); };
  });
}

}  // namespace countersign::cli::resources
