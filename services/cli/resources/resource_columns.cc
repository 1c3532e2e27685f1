#include "services/cli/resources/resource_columns.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/output/output.h"

namespace countersign::cli::resources {
namespace {

using output::Cell;
using output::Column;
using SpecCell = std::string (*)(json::Value spec);

// A column of the spec. Its cell is made by `cell`, or it is the spec's `path`.
struct SpecColumn {
  absl::string_view heading;
  const char* path = "";
  SpecCell cell = nullptr;
  bool wide = false;
  bool cut = false;  // where the terminal is too narrow
};

std::string Count(json::Value list) { return absl::StrCat(list.size()); }

std::string Verdict(json::Value spec) {
  for (const char* const verdict : {"deny", "review", "allow"}) {
    if (spec["then"][verdict].exists()) return verdict;
  }
  return "-";
}

// What a policy is about, in short: "connections=openai groups=agents,ci".
std::string Match(json::Value spec) {
  const json::Value match = spec["match"];
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < match.size(); ++i) {
    parts.push_back(absl::StrCat(match.key(i), "=", Cell(match.at(i))));
  }
  return parts.empty() ? "everything" : absl::StrJoin(parts, " ");
}

// A SAML provider without an issuer is the one of its metadata.
std::string Issuer(json::Value spec) {
  const json::Value saml = spec["saml"];
  if (!saml.exists()) return Cell(spec["oidc"]["issuer"]);
  return Cell(saml["issuer"].exists() ? saml["issuer"] : saml["metadataUrl"]);
}

std::string Audiences(json::Value spec) {
  return Cell(spec["saml"].exists() ? spec["saml"]["audience"] : spec["oidc"]["audiences"]);
}

std::string Conditions(json::Value spec) {
  const json::Value when = spec["when"];
  if (when.size() == 0) return "always";
  if (when.at(0).is(json::Type::kArray)) {
    return absl::StrCat(when.key(0), " of ", when.at(0).size());
  }
  return std::string(when.key(0));
}

const std::vector<SpecColumn>& SpecColumns(absl::string_view kind) {
  static const auto& columns = *new std::map<std::string, std::vector<SpecColumn>, std::less<>>{
      {"IdentityProvider",
       {{"TYPE", "",
         [](json::Value spec) { return std::string(spec["saml"].exists() ? "saml" : "oidc"); }},
        {"ISSUER", "", Issuer, false, true},
        {"AUDIENCES", "", Audiences, false, true},
        {"PROFILE", "", [](json::Value spec) { return Cell(spec.at(0)["profile"]); }}}},
      {"Identity",
       {{"KIND", "{.kind}"},
        {"GROUPS", "{.groups[*]}", nullptr, false, true},
        {"PROVIDER", "{.match.provider}"},
        {"SUBJECT", "{.match.subject}", nullptr, true, true},
        {"OWNER", "{.owner}", nullptr, true, true}}},
      {"RoleBinding",
       {{"ROLE", "{.role}"},
        {"GROUPS", "{.groups[*]}", nullptr, false, true},
        {"IDENTITIES", "{.identities[*]}", nullptr, false, true},
        {"CONNECTIONS", "",
         [](json::Value spec) {
           return spec["connections"].size() == 0 ? "all" : Cell(spec["connections"]);
         },
         false, true}}},
      {"Credential", {}},
      {"Connection",
       {{"PROTOCOL", "{.protocol}"},
        {"URL", "{.url}", nullptr, false, true},
        {"MODELS", "",
         [](json::Value spec) { return spec["models"].size() == 0 ? "any" : Cell(spec["models"]); },
         false, true},
        {"CREDENTIAL", "{.credential}"},
        {"DEFAULT", "{.default}", nullptr, true},
        {"HOSTS", "{.match.hosts[*]}", nullptr, true, true}}},
      {"Dictionary",
       {{"TERMS", "", [](json::Value spec) { return Count(spec["terms"]); }},
        {"NORMALIZE", "",
         [](json::Value spec) {
           return spec["normalize"].exists() ? Cell(spec["normalize"]) : "unicode";
         },
         false, true}}},
      {"MaskingProfile",
       {{"RESPONSE RULES", "", [](json::Value spec) { return Count(spec["response"]); }},
        {"PROMPT RULES", "", [](json::Value spec) { return Count(spec["prompt"]); }, false, true}}},
      {"Policy",
       {{"PRIORITY", "",
         [](json::Value spec) { return spec["priority"].exists() ? Cell(spec["priority"]) : "0"; }},
        {"VERDICT", "", Verdict},
        {"MATCH", "", Match, false, true},
        {"WHEN", "", Conditions, true, true},
        {"REVIEWERS", "{.then.review.reviewers[*]}", nullptr, false, true},
        {"MASKING", "{.then.masking}", nullptr, true}}},
  };
  const auto found = columns.find(kind);
  static const auto& none = *new std::vector<SpecColumn>();
  return found == columns.end() ? none : found->second;
}

// The cell of one column for an item, whose spec is text.
std::string SpecText(const SpecColumn& column, json::Value item) {
  const auto spec = json::Document::Parse(item["spec"].text());
  if (!spec.ok()) return "-";
  if (column.cell != nullptr) return column.cell(spec->root());
  const auto path = output::JsonPath::Parse(column.path);
  if (!path.ok()) return "-";
  std::vector<std::string> cells;
  for (const json::Value value : path->Find(spec->root())) cells.push_back(Cell(value));
  return cells.empty() ? "-" : absl::StrJoin(cells, ",");
}

}  // namespace

std::vector<Column> ResourceColumns(absl::string_view kind, bool with_kind, absl::Time now) {
  std::vector<Column> columns;
  columns.push_back({.heading = "NAME", .cell = [with_kind](json::Value item) {
                       const std::string name(item["name"].text());
                       return with_kind ? absl::StrCat(absl::AsciiStrToLower(item["kind"].text()),
                                                       "/", name)
                                        : name;
                     }});
  for (const SpecColumn& column : SpecColumns(kind)) {
    columns.push_back({.heading = std::string(column.heading),
                       .cell = [&column](json::Value item) { return SpecText(column, item); },
                       .wide = column.wide,
                       .least = column.cut ? output::kShortName : 0,
                       .optional = column.cut});
  }
  columns.push_back({.heading = "VERSION", .member = "version", .wide = true});
  columns.push_back({.heading = "AGE", .cell = [now](json::Value item) {
                       return output::Age(item["updatedAt"].text(), now);
                     }});
  columns.push_back({.heading = "LABELS", .member = "labels", .wide = true});
  return columns;
}

}  // namespace countersign::cli::resources
