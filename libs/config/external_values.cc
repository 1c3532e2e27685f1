#include "libs/config/external_values.h"

#include <yaml-cpp/yaml.h>

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace countersign::config {
namespace {

// The paths of keys at which a Credential's spec may have a value.
const std::vector<std::vector<std::string>>& CredentialValues() {
  static const auto& paths = *new std::vector<std::vector<std::string>>{
      {"bearer"}, {"header", "value"}, {"basic", "password"}, {"mtls", "cert"}, {"mtls", "key"}};
  return paths;
}

YAML::Node Find(const YAML::Node& spec, const std::vector<std::string>& path) {
  YAML::Node node = spec;
  for (const std::string& key : path) {
    if (!node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    YAML::Node next = std::as_const(node)[key];
    if (!next.IsDefined()) return YAML::Node(YAML::NodeType::Undefined);
    node.reset(next);
  }
  return node;
}

// The key ("env:NAME") of an external value; "" for inline and malformed values.
std::string ExternalKey(const YAML::Node& value) {
  if (!value.IsMap() || value.size() != 1) return "";
  const auto member = *value.begin();
  if (!member.first.IsScalar() || !member.second.IsScalar()) return "";
  const std::string form = member.first.Scalar();
  return form == "env" || form == "file" ? absl::StrCat(form, ":", member.second.Scalar()) : "";
}

std::string WithoutFinalNewline(absl::string_view text) {
  absl::ConsumeSuffix(&text, "\n");
  absl::ConsumeSuffix(&text, "\r");
  return std::string(text);
}

// Replaces a value whose mistake was reported by a valid one, so that it is not reported again.
void ReplaceFaulty(YAML::Node value, absl::string_view path) {
  YAML::Node inlined;
  inlined["inline"] = absl::EndsWith(path, ".values") ? std::string(64, '0') : "placeholder";
  value = inlined;
}

// The key of a Connection's external descriptors, whose files are binary.
std::string DescriptorsKey(const YAML::Node& value) {
  std::string key = ExternalKey(value);
  if (absl::StartsWith(key, "file:")) key.replace(0, 4, "binary");
  return key;
}

// "the environment variable NAME" or "the file PATH" of a key.
std::string DescribeKey(absl::string_view key) {
  if (absl::ConsumePrefix(&key, "env:")) return absl::StrCat("the environment variable ", key);
  if (!absl::ConsumePrefix(&key, "file:")) absl::ConsumePrefix(&key, "binary:");
  return absl::StrCat("the file ", key);
}

class SecretResolver {
 public:
  SecretResolver(const ExternalValues& values, Secrets secrets, Mistakes& mistakes)
      : values_(values), secrets_(secrets), mistakes_(mistakes) {}

  void Resolve(YAML::Node value, const std::string& path) {
    const bool one_form = value.IsMap() && value.size() == 1 && value.begin()->first.IsScalar();
    const std::string form = one_form ? value.begin()->first.Scalar() : "";
    if (form == "inline") return;
    const std::string key = one_form ? ExternalKey(value) : "";
    if (key.empty()) {
      mistakes_.Add(value, path, "must be exactly one of {inline: …}, {env: NAME}, {file: PATH}");
      return ReplaceFaulty(value, path);
    }
    const auto found = values_.find(key);
    if (found == values_.end()) {
      return Missing(value, path, key, form == "env" ? " is not set" : " could not be read");
    }
    const std::string content = WithoutFinalNewline(found->second);
    if (content.empty()) return Missing(value, path, key, " is empty");
    value.remove(form);
    value["inline"] = content;
  }

  std::vector<std::string> TakeMissing() { return std::move(missing_); }

 private:
  void Missing(const YAML::Node& value, const std::string& path, const std::string& key,
               absl::string_view how) {
    if (secrets_ == Secrets::kMayBeMissing) {
      missing_.push_back(DescribeKey(key));
    } else {
      mistakes_.Add(value, path, absl::StrCat(DescribeKey(key), how));
    }
    ReplaceFaulty(value, path);
  }

  const ExternalValues& values_;
  const Secrets secrets_;
  Mistakes& mistakes_;
  std::vector<std::string> missing_;
};

// Calls `use` with every value of a MaskingProfile's spec that may be external: a hashed rule's
// key, and its values unless they are a list.
template <typename Use>
void ForEachHashedValue(const YAML::Node& spec, const Use& use) {
  for (const char* const side : {"response", "prompt"}) {
    const YAML::Node rules = std::as_const(spec)[side];
    if (!rules.IsDefined() || !rules.IsSequence()) continue;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      for (const char* const member : {"key", "values"}) {
        const YAML::Node value = Find(rules[i], {"hashed", member});
        if (!value.IsDefined() || value.IsSequence()) continue;
        use(value, absl::StrCat("spec.", side, "[", i, "].hashed.", member));
      }
    }
  }
}

void ResolveTerms(YAML::Node spec, const ExternalValues& values, Mistakes& mistakes) {
  const YAML::Node file = std::as_const(spec)["file"];
  if (!file.IsDefined()) return;
  const auto found = values.find(absl::StrCat("file:", file.IsScalar() ? file.Scalar() : ""));
  if (found == values.end()) {
    mistakes.Add(file, "spec.file",
                 file.IsScalar() ? absl::StrCat("the file ", file.Scalar(), " could not be read")
                                 : "must be the path of a file");
    spec["terms"].push_back("placeholder");
    spec.remove("file");
    return;
  }
  for (absl::string_view line : absl::StrSplit(found->second, '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    if (!line.empty()) spec["terms"].push_back(std::string(line));
  }
  if (!spec["terms"].IsDefined()) {
    mistakes.Add(
        file, "spec.file",
        absl::StrCat("the file ", file.Scalar(), " holds no terms; it has one on each line"));
    spec["terms"].push_back("placeholder");
  }
  spec.remove("file");
}

// The file of a SAML provider's metadata, which stands in the stored resource itself.
void ResolveMetadata(YAML::Node saml, const ExternalValues& values, Mistakes& mistakes) {
  const YAML::Node file = std::as_const(saml)["metadataFile"];
  const std::string path = file.IsScalar() ? file.Scalar() : "";
  const auto found = values.find(absl::StrCat("file:", path));
  const YAML::Node both = std::as_const(saml)["metadata"];
  if (both.IsDefined()) return;  // The kind's reader reports it.
  if (found == values.end()) {
    mistakes.Add(file, "spec.saml.metadataFile",
                 path.empty() ? std::string("must be the path of a file")
                              : absl::StrCat("the file ", path, " could not be read"));
  } else if (found->second.empty()) {
    mistakes.Add(file, "spec.saml.metadataFile", absl::StrCat("the file ", path, " is empty"));
  }
  const bool usable = found != values.end() && !found->second.empty();
  saml["metadata"] = usable ? found->second : std::string("placeholder");
  saml.remove("metadataFile");
}

// A file has the set as protoc writes it, which comes here in base64 as from everywhere else.
void ResolveDescriptors(YAML::Node spec, const ExternalValues& values, Mistakes& mistakes) {
  YAML::Node value = spec["descriptors"];
  if (Find(value, {"inline"}).IsDefined() && value.size() == 1) return;
  const std::string key = DescriptorsKey(value);
  const auto found = values.find(key);
  if (key.empty()) {
    mistakes.Add(value, "spec.descriptors",
                 "must be exactly one of {inline: …}, {env: NAME}, {file: PATH}");
  } else if (found == values.end()) {
    mistakes.Add(
        value, "spec.descriptors",
        absl::StrCat(DescribeKey(key),
                     absl::StartsWith(key, "env:") ? " is not set" : " could not be read"));
  } else {
    YAML::Node inlined;
    inlined["inline"] = WithoutFinalNewline(found->second);
    spec["descriptors"] = inlined;
    return;
  }
  spec.remove("descriptors");
}

}  // namespace

void CollectExternalValues(const std::string& kind, const YAML::Node& spec,
                           std::set<std::string>& keys) {
  if (!spec.IsMap()) return;
  if (kind == "Credential") {
    for (const auto& path : CredentialValues()) {
      const YAML::Node value = Find(spec, path);
      const std::string key = value.IsDefined() ? ExternalKey(value) : "";
      if (!key.empty()) keys.insert(key);
    }
  }
  if (kind == "MaskingProfile") {
    ForEachHashedValue(spec, [&](const YAML::Node& value, const std::string&) {
      const std::string key = ExternalKey(value);
      if (!key.empty()) keys.insert(key);
    });
  }
  if (kind == "Connection" && spec["descriptors"].IsDefined()) {
    const std::string key = DescriptorsKey(spec["descriptors"]);
    if (!key.empty()) keys.insert(key);
  }
  if (kind == "IdentityProvider") {
    const YAML::Node file = Find(spec, {"saml", "metadataFile"});
    if (file.IsDefined() && file.IsScalar()) keys.insert(absl::StrCat("file:", file.Scalar()));
  }
  if (kind == "Dictionary" && spec["file"].IsDefined() && spec["file"].IsScalar()) {
    keys.insert(absl::StrCat("file:", spec["file"].Scalar()));
  }
}

ResolvedValues ResolveExternalValues(const std::string& kind, const YAML::Node& spec,
                                     const ExternalValues& values, Secrets secrets,
                                     Mistakes& mistakes) {
  if (!spec.IsMap()) return {spec, {}};
  SecretResolver resolver(values, secrets, mistakes);
  if (kind == "MaskingProfile") {
    bool any = false;
    ForEachHashedValue(spec, [&](const YAML::Node&, const std::string&) { any = true; });
    if (!any) return {spec, {}};
    YAML::Node copy = YAML::Clone(spec);
    ForEachHashedValue(copy, [&](const YAML::Node& value, const std::string& path) {
      resolver.Resolve(value, path);
    });
    return {copy, resolver.TakeMissing()};
  }
  if (kind == "Connection" && spec["descriptors"].IsDefined()) {
    YAML::Node copy = YAML::Clone(spec);
    ResolveDescriptors(copy, values, mistakes);
    return {copy, {}};
  }
  if (kind == "IdentityProvider" && Find(spec, {"saml", "metadataFile"}).IsDefined()) {
    YAML::Node copy = YAML::Clone(spec);
    ResolveMetadata(copy["saml"], values, mistakes);
    return {copy, {}};
  }
  if (kind != "Credential" && kind != "Dictionary") return {spec, {}};
  if (kind == "Dictionary") {
    if (!spec["file"].IsDefined()) return {spec, {}};  // A large list of terms is not worth a copy.
    YAML::Node copy = YAML::Clone(spec);
    ResolveTerms(copy, values, mistakes);
    return {copy, {}};
  }
  YAML::Node copy = YAML::Clone(spec);
  for (const auto& path : CredentialValues()) {
    const YAML::Node value = Find(copy, path);
    if (!value.IsDefined()) continue;
    resolver.Resolve(value, absl::StrCat("spec.", absl::StrJoin(path, ".")));
  }
  return {copy, resolver.TakeMissing()};
}

}  // namespace countersign::config
