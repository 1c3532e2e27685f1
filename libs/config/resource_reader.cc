#include "libs/config/resource_reader.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/config/external_values.h"
#include "libs/config/fields.h"
#include "libs/config/kinds.h"
#include "libs/json/writer.h"

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

// Reads the spec for its mistakes alone; the typed value is made again from the stored document.
void CheckSpec(const std::string& kind, const std::string& name, const YAML::Node& node,
               Mistakes& mistakes) {
  Fields spec(node, "spec", mistakes);
  if (kind == "IdentityProvider") ReadIdentityProvider(name, spec);
  if (kind == "Identity") ReadIdentity(name, spec);
  if (kind == "RoleBinding") ReadRoleBinding(name, spec);
  if (kind == "Credential") CheckCredentialSpec(spec);
  if (kind == "Connection") ReadConnection(name, spec);
  if (kind == "Dictionary") ReadDictionary(name, spec);
  if (kind == "MaskingProfile") ReadMaskingProfile(name, spec);
  if (kind == "Policy") ReadPolicy(name, spec);
}

std::string Document(const ResourceDocument& resource, absl::string_view spec_json) {
  json::Writer writer;
  writer.BeginObject().Key("apiVersion").String(kApiVersion).Key("kind").String(resource.kind);
  writer.Key("metadata").BeginObject();
  if (!resource.labels.empty()) {
    writer.Key("labels").BeginObject();
    for (const auto& [key, value] : resource.labels) writer.Key(key).String(value);
    writer.EndObject();
  }
  writer.Key("name").String(resource.name).EndObject();
  if (!spec_json.empty()) writer.Key("spec").Raw(spec_json);
  writer.EndObject();
  return writer.str();
}

void ReadDocument(const std::string& file, const YAML::Node& node, const ExternalValues& values,
                  Mistakes& mistakes, std::vector<ResourceDocument>& out) {
  mistakes.SetPlace(file, "");
  Fields root(node, "", mistakes);
  if (!node.IsMap()) return;
  if (root.Required("apiVersion") != kApiVersion && root.Has("apiVersion")) {
    root.Mistake("apiVersion", absl::StrCat("must be ", kApiVersion));
  }
  ResourceDocument resource;
  if (!root.Has("kind")) root.Mistake("kind", "is required");
  resource.kind = root.OneOf("kind", Kinds());
  {
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
  const YAML::Node spec = ResolveExternalValues(resource.kind, written, values, mistakes);
  CheckSpec(resource.kind, resource.name, spec, mistakes);
  resource.source = absl::StrCat(file, ":", node.Mark().line + 1);
  std::string json;
  if (const absl::Status status = AppendCanonicalJson(spec, json); !status.ok()) {
    mistakes.Add(written, "spec", status.message());
    return;
  }
  const bool secret = resource.kind == "Credential";
  resource.document = Document(resource, secret ? "" : json);
  if (secret) resource.secret_spec = std::move(json);
  out.push_back(std::move(resource));
}

// Every document of `file`, or the place where it stops being YAML.
absl::StatusOr<std::vector<YAML::Node>> Load(const SourceText& file) {
  if (file.content.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(file.name, ": larger than 32 MiB"));
  }
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(file.content);
    documents.erase(std::remove_if(documents.begin(), documents.end(),
                                   [](const YAML::Node& node) { return node.IsNull(); }),
                    documents.end());
    return documents;
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name, ":", error.mark.line + 1, ": not valid YAML: ", error.msg));
  }
}

void RefuseTwice(const std::vector<ResourceDocument>& resources, Mistakes& mistakes) {
  std::map<std::pair<std::string, std::string>, const ResourceDocument*> seen;
  for (const ResourceDocument& resource : resources) {
    const auto [first, fresh] = seen.try_emplace({resource.kind, resource.name}, &resource);
    if (fresh) continue;
    mistakes.AddLine(absl::StrCat(resource.source, ": ", resource.kind, "/", resource.name,
                                  ": stands at ", first->second->source, " already"));
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
  return absl::InvalidArgumentError(absl::StrCat("there is no kind \"", text, "\"; the kinds are ",
                                                 absl::StrJoin(Kinds(), ", ")));
}

std::set<std::string> ExternalValueKeys(const std::vector<SourceText>& files) {
  std::set<std::string> keys;
  for (const SourceText& file : files) {
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

absl::StatusOr<std::vector<ResourceDocument>> ReadDocuments(const std::vector<SourceText>& files,
                                                            const ExternalValues& values) {
  Mistakes mistakes;
  std::vector<ResourceDocument> resources;
  for (const SourceText& file : files) {
    absl::StatusOr<std::vector<YAML::Node>> documents = Load(file);
    if (!documents.ok()) {
      mistakes.AddLine(std::string(documents.status().message()));
      continue;
    }
    for (const YAML::Node& node : *documents) {
      ReadDocument(file.name, node, values, mistakes, resources);
    }
  }
  RefuseTwice(resources, mistakes);
  CS_RETURN_IF_ERROR(mistakes.ToStatus());
  return resources;
}

std::string SealedCredentialDocument(const ResourceDocument& credential, absl::string_view sealed) {
  json::Writer spec;
  spec.BeginObject().Key("sealed").String(sealed).EndObject();
  return Document(credential, spec.str());
}

}  // namespace countersign::config
