#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "services/cli/invocation.h"
#include "services/cli/output/output_file.h"
#include "services/cli/resources/label_selector.h"
#include "services/cli/resources/resource_columns.h"
#include "services/cli/resources/resource_names.h"
#include "services/cli/resources/resource_verbs.h"

namespace countersign::cli::resources {
namespace {

constexpr absl::Duration kWatchInterval = absl::Seconds(1);

struct GetOptions {
  std::vector<std::string> words;
  std::string selector;
  bool watch = false;
};

// All items that are meant, in one listing.
absl::StatusOr<json::Document> Fetch(GatewayClient& gateway,
                                     const std::vector<ResourceName>& wanted,
                                     const LabelSelector& selector) {
  std::string items;
  for (const ResourceName& one : wanted) {
    CS_ASSIGN_OR_RETURN(const json::Document answer, GetResources(gateway, one));
    const json::Value found = answer.root()["items"];
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!selector.Matches(found.at(i)["labels"])) continue;
      absl::StrAppend(&items, items.empty() ? "" : ",", output::ToJson(found.at(i)));
    }
  }
  return json::Document::Parse(absl::StrCat("{\"items\":[", items, "],\"nextPageToken\":\"\"}"),
                               {256u << 20, 64});
}

// Prints a table of each kind, or names.
absl::Status PrintByKind(const Invocation& invocation, json::Value items) {
  std::vector<std::pair<std::string, std::vector<json::Value>>> kinds;  // in their order
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string kind(items.at(i)["kind"].text());
    auto found = std::find_if(kinds.begin(), kinds.end(),
                              [&](const auto& known) { return known.first == kind; });
    if (found == kinds.end()) found = kinds.insert(kinds.end(), {kind, {}});
    found->second.push_back(items.at(i));
  }
  const bool table = output::IsTable(invocation.output());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& [kind, of_kind] = kinds[i];
    if (table && i > 0) invocation.out << "\n";
    CS_RETURN_IF_ERROR(
        PrintItems(invocation, of_kind, ResourceColumns(kind, kinds.size() > 1, absl::Now()),
                   {.prefix = absl::StrCat(absl::AsciiStrToLower(kind), "/"), .member = "name"}));
  }
  return absl::OkStatus();
}

// Prints resources as documents that `apply` reads: one alone, or a listing.
absl::Status PrintDocuments(const Invocation& invocation, json::Value items, bool one) {
  std::vector<std::string> written;
  for (std::size_t i = 0; i < items.size(); ++i) written.push_back(ToResourceDocument(items.at(i)));
  const std::string text =
      one && written.size() == 1
          ? written[0]
          : absl::StrCat("{\"items\":[", absl::StrJoin(written, ","), "],\"nextPageToken\":\"\"}");
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text, {256u << 20, 64}));
  PrintObject(invocation, document.root(), [] {});
  return absl::OkStatus();
}

absl::Status Print(const Invocation& invocation, const json::Document& listing, bool one) {
  const json::Value items = listing.root()["items"];
  const output::Format format = invocation.output();
  return output::IsTable(format) || format == output::Format::kName
             ? PrintByKind(invocation, items)
             : PrintDocuments(invocation, items, one);
}

// The version of each resource, by kind and name.
using Versions = std::map<std::pair<std::string, std::string>, std::int64_t>;

Versions ListVersions(json::Value items) {
  Versions versions;
  for (std::size_t i = 0; i < items.size(); ++i) {
    versions[{std::string(items.at(i)["kind"].text()), std::string(items.at(i)["name"].text())}] =
        items.at(i)["version"].integer().value_or(0);
  }
  return versions;
}

// Prints every resource that is new or changed, and the names of those that are gone, until it is
// interrupted.
absl::Status Watch(Invocation& invocation, GatewayClient& gateway,
                   const std::vector<ResourceName>& wanted, const LabelSelector& selector,
                   const json::Document& first) {
  Versions known = ListVersions(first.root()["items"]);
  for (;;) {
    CS_RETURN_IF_ERROR(output::Flush(invocation.out));
    absl::SleepFor(kWatchInterval);
    CS_ASSIGN_OR_RETURN(const json::Document now, Fetch(gateway, wanted, selector));
    const json::Value items = now.root()["items"];
    const Versions versions = ListVersions(items);
    std::string changed;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::pair name(std::string(items.at(i)["kind"].text()),
                           std::string(items.at(i)["name"].text()));
      const auto before = known.find(name);
      if (before != known.end() && before->second == versions.at(name)) continue;
      absl::StrAppend(&changed, changed.empty() ? "" : ",", output::ToJson(items.at(i)));
    }
    for (const auto& [name, version] : known) {
      if (versions.count(name) == 0) {
        invocation.err << name.first << "/" << output::Printable(name.second) << " deleted\n";
      }
    }
    known = versions;
    if (changed.empty()) continue;
    CS_ASSIGN_OR_RETURN(const json::Document rows,
                        json::Document::Parse(absl::StrCat("{\"items\":[", changed, "]}")));
    invocation.no_headers = true;
    CS_RETURN_IF_ERROR(Print(invocation, rows, false));
  }
}

absl::Status Get(Invocation& invocation, const GetOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::vector<ResourceName> wanted, ReadResourceNames(options.words));
  CS_ASSIGN_OR_RETURN(const LabelSelector selector, LabelSelector::Parse(options.selector));
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const json::Document listing, Fetch(*gateway, wanted, selector));
  const bool one = wanted.size() == 1 && !wanted[0].name.empty();
  CS_RETURN_IF_ERROR(Print(invocation, listing, one));
  if (listing.root()["items"].size() == 0 && output::IsTable(invocation.output())) {
    invocation.err << "countersign: no resources found\n";
  }
  if (!options.watch) return absl::OkStatus();
  return Watch(invocation, *gateway, wanted, selector, listing);
}

}  // namespace

void AddGetVerb(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<GetOptions>();
  CLI::App* verb = app.add_subcommand("get", "Show resources of a kind, or some of them");
  verb->add_option("kind", options->words,
                   absl::StrCat(KindsHelp(), ", or all; then names. Or KIND/NAME, several times"))
      ->required()
      ->expected(1, -1)
      ->check(command_line::Checked(CheckKindWord).application_index(0));
  verb->add_option("-l,--selector", options->selector,
                   "Only those with these labels: team=legal,stage!=test");
  verb->add_flag("-w,--watch", options->watch, "Go on and print what changes");
  AddListingOptions(*verb, invocation);
  verb->footer(
      "Examples:\n"
      "  countersign get policies\n"
      "  countersign get connection openai -o yaml\n"
      "  countersign get policy/default dictionary/codenames -o name\n"
      "  countersign get all -l team=legal --sort-by age");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Get(invocation, *options); };
  });
}

}  // namespace countersign::cli::resources
