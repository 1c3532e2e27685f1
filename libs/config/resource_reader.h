#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/resources.h"

// The one strict reader of resources (CONTRACT.md "Resources"): YAML or JSON text in, typed values
// out. Unknown fields, duplicate keys, wrong types and values out of bounds are mistakes; *all*
// mistakes of all files are reported at once, one per line, as `policies.yaml:12: Policy/regulated:
// spec.then.review.approvals: must be at least 1`.
namespace countersign::config {

struct SourceText {
  std::string name;     // as the user named it
  std::string content;  // YAML or JSON, any number of documents
};

// What values {env: NAME} and {file: PATH} stand for, keyed "env:NAME" and "file:PATH".
using ExternalValues = std::map<std::string, std::string>;

// The keys of every external value that `files` mention. Lenient: what cannot be parsed is reported
// by ReadDocuments.
std::set<std::string> ExternalValueKeys(const std::vector<SourceText>& files);

// One resource as it is stored: canonical JSON (sorted keys, external values replaced by their
// contents).
struct ResourceDocument {
  std::string kind;
  std::string name;
  std::map<std::string, std::string> labels;
  std::string document;  // the whole resource; of a Credential without its spec
  std::string
      secret_spec;  // of a Credential: its spec with every V as {"inline": …}, to be sealed at once
  std::string source;  // "policies.yaml:12": where it came from, for messages
  // The line of each value by its path ("spec.when.pattern.regex"), for messages; of a Dictionary,
  // whose terms are many, those of its fields alone. Empty for what was stored.
  std::map<std::string, std::size_t> lines;
  std::uint64_t version = 0;  // of the resource; 0 for one that is not stored yet
};

// INVALID_ARGUMENT with every mistake. Two documents of the same kind and name are a mistake.
absl::StatusOr<std::vector<ResourceDocument>> ReadDocuments(const std::vector<SourceText>& files,
                                                            const ExternalValues& values);

// The document of a Credential whose spec was sealed: what is stored and sent over the feed.
std::string SealedCredentialDocument(const ResourceDocument& credential, absl::string_view sealed);

// Builds one version of everything from stored documents and checks the references between them.
// INVALID_ARGUMENT names every dangling one: `Policy/p: spec.match.connections[0]: there is no
// Connection "openai"`.
absl::StatusOr<std::shared_ptr<const domain::ResourceSet>> BuildResourceSet(
    std::uint64_t version, const std::vector<ResourceDocument>& documents);

// The kinds in the order in which listings show them. KindFromUser accepts any case and the plural.
const std::vector<std::string>& Kinds();
absl::StatusOr<std::string> KindFromUser(absl::string_view text);

}  // namespace countersign::config
