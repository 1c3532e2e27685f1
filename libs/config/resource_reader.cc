#include "libs/config/resource_reader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/glob.h"
#include "libs/base/status.h"
#include "libs/base/text/edit_distance.h"
#include "libs/config/external_values.h"
#include "libs/config/fields.h"
#include "libs/config/kinds.h"
#include "libs/config/resource_reading.h"
#include "libs/domain/prompt.h"
#include "libs/json/writer.h"
#include "libs/text/regex/pattern_edges.h"

namespace countersign::config {
namespace {

constexpr absl::string_view kApiVersion = "countersign/v1";
constexpr std::size_t kMaxFileBytes = 32u << 20;
constexpr std::size_t kMaxName = 63;

bool IsName(absl::string_view name) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kMaxName && alnum(name.front()) && alnum(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return alnum(c) || c == '-'; });
}

// "/package.Service/Method"
bool IsMethodPath(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  return absl::StartsWith(path, "/") && slash > 1 && slash + 1 < path.size() &&
         path.find('/', 1) == slash;
}

// Checked in files only: stored resources may name operations of another version of this program.
void CheckOperations(const domain::Policy& policy, const YAML::Node& spec, Mistakes& mistakes) {
  const auto& known = domain::kOperations;
  for (std::size_t i = 0; i < policy.match.operations.size(); ++i) {
    const std::string& name = policy.match.operations[i];
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (IsMethodPath(name)) continue;
    mistakes.Add(spec["match"]["operations"][i], absl::StrCat("spec.match.operations[", i, "]"),
                 absl::StrCat("\"", name, "\" is none of ", absl::StrJoin(known, ", "),
                              ", and no path of a gRPC method"));
  }
}

// A policy that leaves out all the models that it names would silently match nothing.
void CheckExceptModels(const domain::Policy& policy, const YAML::Node& spec, Mistakes& mistakes) {
  const domain::Policy::Match& match = policy.match;
  const auto is_left_out = [&](const std::string& model) {
    return std::any_of(match.except_models.begin(), match.except_models.end(),
                       [&](const std::string& glob) { return GlobMatch(glob, model); });
  };
  const std::vector<std::string> named =
      match.models.empty() ? std::vector<std::string>{"*"} : match.models;
  if (!std::all_of(named.begin(), named.end(), is_left_out)) return;
  mistakes.Add(spec["match"]["exceptModels"], "spec.match.exceptModels",
               "leaves out every model that the policy could match");
}

// "!x" would silently match nothing. Checked in files only: a gateway must start with resources
// that an earlier version of this program has stored.
void RefuseNegations(const YAML::Node& list, const std::string& path, Mistakes& mistakes,
                     absl::string_view instead = "") {
  if (!list.IsDefined() || !list.IsSequence()) return;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].IsScalar() || !absl::StartsWith(list[i].Scalar(), "!")) continue;
    mistakes.Add(list[i], absl::StrCat(path, "[", i, "]"),
                 absl::StrCat("\"", list[i].Scalar(), "\" does not mean \"all but\": ", instead,
                              "name what is meant, or refuse the rest by a policy that denies it"));
  }
}

YAML::Node Member(const YAML::Node& node, const std::string& name) {
  return node.IsMap() ? node[name] : YAML::Node(YAML::NodeType::Undefined);
}

void CheckNegations(const std::string& kind, const YAML::Node& spec, Mistakes& mistakes) {
  if (kind == "Connection") {
    RefuseNegations(Member(spec, "models"), "spec.models", mistakes);
  } else if (kind == "RoleBinding") {
    for (const char* const list : {"groups", "identities", "connections"}) {
      RefuseNegations(Member(spec, list), absl::StrCat("spec.", list), mistakes);
    }
  } else if (kind == "Policy") {
    const YAML::Node match = Member(spec, "match");
    if (!match.IsDefined()) return;
    for (const char* const list : {"connections", "groups", "identities", "operations"}) {
      RefuseNegations(Member(match, list), absl::StrCat("spec.match.", list), mistakes);
    }
    for (const char* const list : {"models", "exceptModels"}) {
      RefuseNegations(Member(match, list), absl::StrCat("spec.match.", list), mistakes,
                      "write exceptModels: [x] for all models but x, ");
    }
  }
}

// {sealed: withheld}: what the gateway prints of a Credential.
bool IsWithheld(const YAML::Node& spec) {
  return spec.IsMap() && spec.size() == 1 && spec["sealed"].IsDefined() &&
         spec["sealed"].IsScalar() && spec["sealed"].Scalar() == kWithheld;
}

void CheckEdges(const std::string& resource, std::string path, const std::string& pattern,
                std::vector<RefusedEdges>& found) {
  const absl::Status checked = text::regex::CheckWordEdges(pattern);
  if (checked.ok()) return;
  found.push_back({resource, std::move(path), std::string(checked.message())});
}

void CheckCondition(const std::string& resource, const domain::Condition& condition,
                    std::vector<RefusedEdges>& found) {
  if (const auto* pattern = std::get_if<domain::PatternCondition>(&condition.leaf)) {
    CheckEdges(resource, absl::StrCat(condition.path, ".regex"), pattern->regex, found);
  }
  for (const domain::Condition& child : condition.children) CheckCondition(resource, child, found);
}

void CheckSide(const std::string& resource, const char* side,
               const std::vector<domain::MaskingRule>& rules, std::vector<RefusedEdges>& found) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].pattern.empty()) continue;
    CheckEdges(resource, absl::StrCat("spec.", side, "[", i, "].pattern"), rules[i].pattern, found);
  }
}

std::vector<RefusedEdges> FindRefusedEdges(const domain::Policy& policy) {
  std::vector<RefusedEdges> found;
  if (policy.when) CheckCondition(absl::StrCat("Policy/", policy.name), *policy.when, found);
  return found;
}

std::vector<RefusedEdges> FindRefusedEdges(const domain::MaskingProfile& profile) {
  std::vector<RefusedEdges> found;
  const std::string resource = absl::StrCat("MaskingProfile/", profile.name);
  CheckSide(resource, "response", profile.response, found);
  CheckSide(resource, "prompt", profile.prompt, found);
  return found;
}

// The value at "spec.when.any[1].pattern.regex", which exists.
YAML::Node FindNode(const YAML::Node& spec, absl::string_view path) {
  YAML::Node node = spec;
  for (const absl::string_view step :
       absl::StrSplit(path, absl::ByAnyChar(".]["), absl::SkipEmpty())) {
    std::size_t index = 0;
    if (step == "spec") continue;
    node.reset(absl::SimpleAtoi(step, &index) ? node[index] : node[std::string(step)]);
  }
  return node;
}

// Refused in files only: a gateway must start with what an earlier version of this program has
// stored.
void AddRefusedEdges(const std::vector<RefusedEdges>& found, const YAML::Node& spec,
                     Mistakes& mistakes) {
  for (const RefusedEdges& refused : found) {
    mistakes.Add(FindNode(spec, refused.path), refused.path, refused.why);
  }
}

// Reads the spec for its mistakes alone; the typed value is made again from what is stored.
void CheckSpec(const std::string& kind, const std::string& name, const YAML::Node& node,
               Mistakes& mistakes) {
  Fields spec(node, "spec", mistakes);
  if (kind == "IdentityProvider") ReadIdentityProvider(name, spec);
  if (kind == "Identity") ReadIdentity(name, spec);
  if (kind == "RoleBinding") ReadRoleBinding(name, spec);
  if (kind == "Credential" && IsWithheld(node)) spec.Required("sealed");
  if (kind == "Credential" && !IsWithheld(node)) CheckCredentialSpec(spec);
  if (kind == "Connection") ReadConnection(name, spec);
  if (kind == "Dictionary") ReadDictionary(name, spec);
  if (kind == "MaskingProfile") {
    AddRefusedEdges(FindRefusedEdges(ReadMaskingProfile(name, spec)), node, mistakes);
  }
  if (kind == "Policy") {
    const domain::Policy policy = ReadPolicy(name, spec);
    CheckOperations(policy, node, mistakes);
    CheckExceptModels(policy, node, mistakes);
    AddRefusedEdges(FindRefusedEdges(policy), node, mistakes);
  }
  CheckNegations(kind, node, mistakes);
}

// The lines of a spec's values; for a Dictionary without its terms, which may be 100,000.
SourceLines SpecLines(const std::string& kind, const YAML::Node& spec) {
  if (kind != "Dictionary" || !spec.IsMap()) return CollectLines(spec, "spec");
  SourceLines lines;
  for (const auto& member : spec) {
    if (!member.first.IsScalar() || member.first.Mark().is_null()) continue;
    lines.emplace(absl::StrCat("spec.", member.first.Scalar()),
                  static_cast<std::size_t>(member.first.Mark().line + 1));
  }
  return lines;
}

// The inputs shared by all resources of one call.
struct Sources {
  const ExternalValues& values;
  Secrets secrets;
};

void ReadDocument(const std::string& file, const YAML::Node& node, const Sources& sources,
                  Mistakes& mistakes, std::vector<CheckedResource>& out) {
  const std::size_t before = mistakes.lines().size();
  mistakes.SetPlace(file, "");
  Fields root(node, "", mistakes);
  if (!node.IsMap()) return;
  if (root.Required("apiVersion") != kApiVersion && root.Has("apiVersion")) {
    root.Mistake("apiVersion", absl::StrCat("must be ", kApiVersion));
  }
  CheckedResource checked;
  domain::Resource& resource = checked.source.resource;
  if (!root.Has("kind")) root.Mistake("kind", "is required");
  resource.kind = root.Choice("kind", Kinds());
  if (!root.Has("metadata")) root.Mistake("metadata", "is required");
  if (root.Has("metadata")) {
    Fields metadata(root.Child("metadata"), "metadata", mistakes);
    resource.name = metadata.Required("name");
    for (auto& [key, value] : metadata.StringMap("labels")) resource.labels.emplace(key, value);
    if (!resource.name.empty() && !IsName(resource.name)) {
      metadata.Mistake("name", absl::StrCat("\"", resource.name,
                                            "\" is no name: lower-case letters, digits and inner "
                                            "hyphens, up to 63"));
    }
  }
  const YAML::Node written = root.Child("spec");
  if (resource.kind.empty() || resource.name.empty()) return;
  mistakes.SetPlace(file, absl::StrCat(resource.kind, "/", resource.name));
  if (!written.IsDefined()) {
    root.Mistake("spec", "is required");
    return;
  }
  SourceLines& lines = checked.source.lines;
  checked.source.source = absl::StrCat(file, ":", node.Mark().line + 1);
  lines = SpecLines(resource.kind, written);
  lines.emplace("spec", static_cast<std::size_t>(written.Mark().line + 1));
  mistakes.SetLines(&lines);
  ResolvedValues resolved =
      ResolveExternalValues(resource.kind, written, sources.values, sources.secrets, mistakes);
  checked.source.missing_secrets = std::move(resolved.missing_secrets);
  const YAML::Node spec = resolved.spec;
  if (spec.is(written)) mistakes.SetLines(nullptr);
  CheckSpec(resource.kind, resource.name, spec, mistakes);
  std::string json;
  const absl::Status canonical = AppendCanonicalJson(spec, json);
  if (!canonical.ok()) mistakes.Add(written, "spec", canonical.message());
  mistakes.SetLines(nullptr);
  if (!canonical.ok()) return;
  if (resource.kind == "Credential") {
    if (!IsWithheld(spec)) checked.source.secret_spec = SecretString(std::move(json));
  } else {
    resource.spec = std::move(json);
  }
  checked.valid = mistakes.lines().size() == before;
  out.push_back(std::move(checked));
}

// True for a listing, in which the gateway prints resources: it has items, and no members but those
// of listings.
bool IsListing(const YAML::Node& document) {
  if (!document.IsMap() || !document["items"].IsDefined() || !document["items"].IsSequence()) {
    return false;
  }
  for (const auto& member : document) {
    const std::string name = member.first.IsScalar() ? member.first.Scalar() : "";
    if (name != "items" && name != "nextPageToken") return false;
  }
  return true;
}

// Every document of `file` (of a listing, its items), or the place where it stops being YAML.
absl::StatusOr<std::vector<YAML::Node>> Load(const SourceFile& file) {
  if (file.content.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(file.name, ": larger than 32 MiB"));
  }
  try {
    std::vector<YAML::Node> documents;
    for (const YAML::Node& document : YAML::LoadAll(file.content)) {
      if (IsListing(document)) {
        for (const YAML::Node& item : document["items"]) documents.push_back(item);
      } else if (!document.IsNull()) {
        documents.push_back(document);
      }
    }
    return documents;
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name, ":", error.mark.line + 1, ": not valid YAML: ", error.msg));
  }
}

void RefuseTwice(const std::vector<CheckedResource>& resources, Mistakes& mistakes) {
  std::map<std::pair<std::string, std::string>, std::string> seen;  // to its place
  for (const CheckedResource& checked : resources) {
    const domain::Resource& resource = checked.source.resource;
    const auto [first, fresh] =
        seen.try_emplace({resource.kind, resource.name}, checked.source.source);
    if (fresh) continue;
    mistakes.AddLine(absl::StrCat(checked.source.source, ": ", resource.kind, "/", resource.name,
                                  ": stands at ", first->second, " already"));
  }
}

}  // namespace

const std::vector<std::string>& Kinds() {
  static const auto& kinds = *new std::vector<std::string>{
      "IdentityProvider", "Identity",   "RoleBinding",    "Credential",
      "Connection",       "Dictionary", "MaskingProfile", "Policy"};
  return kinds;
}

absl::StatusOr<std::string> KindFromUser(absl::string_view text) {
  const std::string wanted = absl::AsciiStrToLower(text);
  for (const std::string& kind : Kinds()) {
    const std::string lower = absl::AsciiStrToLower(kind);
    const std::string plural = lower.back() == 'y'
                                   ? absl::StrCat(lower.substr(0, lower.size() - 1), "ies")
                                   : absl::StrCat(lower, "s");
    if (wanted == lower || wanted == plural) return kind;
  }
  const std::string meant = ProbablyMeant(text, Kinds());
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no kind \"", text, "\"; ",
      meant.empty() ? "the kinds are " : absl::StrCat("did you mean ", meant, "? It is one of "),
      absl::StrJoin(Kinds(), ", ")));
}

std::set<std::string> ExternalValueKeys(const std::vector<SourceFile>& files) {
  std::set<std::string> keys;
  for (const SourceFile& file : files) {
    const absl::StatusOr<std::vector<YAML::Node>> documents = Load(file);
    if (!documents.ok()) continue;
    for (const YAML::Node& node : *documents) {
      if (!node.IsMap() || !node["kind"].IsDefined() || !node["kind"].IsScalar()) continue;
      if (node["spec"].IsDefined())
        CollectExternalValues(node["kind"].Scalar(), node["spec"], keys);
    }
  }
  return keys;
}

std::vector<CheckedResource> ReadAndCheck(const std::vector<SourceFile>& files,
                                          const ExternalValues& values, Secrets secrets,
                                          Mistakes& mistakes) {
  std::vector<CheckedResource> resources;
  for (const SourceFile& file : files) {
    absl::StatusOr<std::vector<YAML::Node>> documents = Load(file);
    if (!documents.ok()) {
      mistakes.AddLine(std::string(documents.status().message()));
      continue;
    }
    for (const YAML::Node& node : *documents) {
      ReadDocument(file.name, node, {values, secrets}, mistakes, resources);
    }
  }
  RefuseTwice(resources, mistakes);
  return resources;
}

absl::StatusOr<std::vector<SourcedResource>> ReadResources(const std::vector<SourceFile>& files,
                                                           const ExternalValues& values,
                                                           Secrets secrets) {
  Mistakes mistakes;
  std::vector<CheckedResource> checked = ReadAndCheck(files, values, secrets, mistakes);
  CS_RETURN_IF_ERROR(mistakes.ToStatus());
  std::vector<SourcedResource> resources;
  resources.reserve(checked.size());
  for (CheckedResource& one : checked) resources.push_back(std::move(one.source));
  return resources;
}

std::string SealedSpec(absl::string_view sealed) {
  json::Writer spec;
  spec.BeginObject().Key("sealed").String(sealed).EndObject();
  return spec.str();
}

std::vector<RefusedEdges> FindRefusedEdges(const domain::ResourceSet& resources) {
  std::vector<RefusedEdges> all;
  const auto add = [&](std::vector<RefusedEdges> found) {
    for (RefusedEdges& one : found) all.push_back(std::move(one));
  };
  for (const auto& [name, policy] : resources.policies) add(FindRefusedEdges(policy));
  for (const auto& [name, profile] : resources.masking_profiles) add(FindRefusedEdges(profile));
  return all;
}

}  // namespace countersign::config
