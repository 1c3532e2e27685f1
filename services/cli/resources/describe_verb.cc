#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/config/resource_reader.h"
#include "services/cli/invocation.h"
#include "services/cli/resources/resource_names.h"
#include "services/cli/resources/resource_references.h"
#include "services/cli/resources/resource_verbs.h"

namespace countersign::cli::resources {
namespace {

// Every resource that refers to another one, and where.
struct Referrer {
  std::string from;  // "Policy/regulated-prompts"
  Reference to;
};

absl::StatusOr<std::vector<Referrer>> FindReferrers(GatewayClient& gateway) {
  std::vector<Referrer> all;
  for (const std::string& kind : config::Kinds()) {
    CS_ASSIGN_OR_RETURN(const json::Document listing, GetResources(gateway, {kind, ""}));
    const json::Value items = listing.root()["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto spec = json::Document::Parse(items.at(i)["spec"].text(), {64u << 20, 64});
      if (!spec.ok()) continue;
      for (Reference& to : FindReferences(kind, spec->root())) {
        all.push_back({absl::StrCat(kind, "/", items.at(i)["name"].text()), std::move(to)});
      }
    }
  }
  return all;
}

void PrintReferences(std::ostream& out, const std::string& heading,
                     const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out << heading << "\n";
  for (const std::string& line : lines) out << "  " << output::Printable(line) << "\n";
}

absl::Status DescribeOne(const Invocation& invocation, json::Value item,
                         const std::vector<Referrer>& referrers) {
  std::ostream& out = invocation.out;
  const std::string kind(item["kind"].text());
  const std::string name(item["name"].text());
  CS_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(ToResourceDocument(item), {64u << 20, 64}));
  out << "Name:     " << output::Printable(name) << "\nKind:     " << kind << "\n"
      << "Labels:   " << output::Printable(output::Cell(item["labels"])) << "\n"
      << "Version:  " << output::Cell(item["version"]) << "\n"
      << "Changed:  " << output::Printable(output::Cell(item["updatedAt"])) << " ("
      << output::Age(item["updatedAt"].text(), absl::Now()) << " ago)\n"
      << "Spec:\n";
  std::ostringstream spec;
  output::PrintYaml(spec, document.root()["spec"]);
  std::istringstream lines(spec.str());
  for (std::string line; std::getline(lines, line);) out << "  " << line << "\n";
  std::vector<std::string> uses;
  std::vector<std::string> used_by;
  const std::string own = absl::StrCat(kind, "/", name);
  for (const Referrer& one : referrers) {
    if (one.from == own) {
      uses.push_back(absl::StrCat(one.to.kind, "/", one.to.name, "  (", one.to.path, ")"));
    }
    if (one.to.kind == kind && one.to.name == name) {
      used_by.push_back(absl::StrCat(one.from, "  (", one.to.path, ")"));
    }
  }
  PrintReferences(out, "Refers to:", uses);
  PrintReferences(out, "Used by:", used_by);
  return absl::OkStatus();
}

absl::Status Describe(const Invocation& invocation, const std::vector<std::string>& words) {
  CS_ASSIGN_OR_RETURN(const std::vector<ResourceName> wanted, ReadResourceNames(words));
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::vector<Referrer> referrers, FindReferrers(*gateway));
  bool first = true;
  for (const ResourceName& one : wanted) {
    CS_ASSIGN_OR_RETURN(const json::Document listing, GetResources(*gateway, one));
    const json::Value items = listing.root()["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!std::exchange(first, false)) invocation.out << "\n";
      CS_RETURN_IF_ERROR(DescribeOne(invocation, items.at(i), referrers));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddDescribeVerb(CLI::App& app, Invocation& invocation) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* verb =
      app.add_subcommand("describe", "Show a resource, what it refers to and what refers to it");
  verb->add_option("kind", *words, absl::StrCat(KindsHelp(), "; then names. Or KIND/NAME"))
      ->required()
      ->expected(1, -1)
      ->check(command_line::Checked(CheckKindWord).application_index(0));
  verb->footer("Examples:\n  countersign describe connection openai");
  verb->callback([&invocation, words] {
    invocation.action = [&invocation, words] { return Describe(invocation, *words); };
  });
}

}  // namespace countersign::cli::resources
