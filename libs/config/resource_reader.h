#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/domain/resource_list.h"
#include "libs/domain/resources.h"

// The strict reader of resources. It works in two steps: files of YAML or JSON → domain::Resource
// (stored, and sent to the parts) → domain::ResourceSet (used by the parts).
//
// Unknown fields, duplicate keys, wrong types and values out of bounds are mistakes. All mistakes
// in all files are reported at once, one per line:
//   policies.yaml:12: Policy/regulated: spec.then.review.approvals: must be at least 1
namespace countersign::config {

struct SourceFile {
  std::string name;     // as given by the user
  std::string content;  // YAML or JSON, any number of documents
};

// The contents of the values {env: NAME} and {file: PATH}, keyed "env:NAME" and "file:PATH"; of
// binary files in base64, keyed "binary:PATH".
using ExternalValues = std::map<std::string, std::string>;

// The keys of all external values in `files`. Files that cannot be parsed are skipped;
// ReadResources reports them.
std::set<std::string> ExternalValueKeys(const std::vector<SourceFile>& files);

// Whether the values of secrets (a Credential's, and the key and list of a hashed masking rule)
// must be present. If they may be missing, each is replaced by a placeholder, and the resource
// lists them.
enum class Secrets { kRequired, kMayBeMissing };

// A resource and where it was read.
struct SourcedResource {
  domain::Resource resource;  // of a Credential without a spec until it is sealed
  // Of a Credential: its spec as canonical JSON with every value as {"inline": …}. To be sealed.
  // Empty if its spec is {sealed: withheld}, as the gateway prints it: the stored value is kept.
  SecretString secret_spec;
  // "the environment variable NAME", "the file PATH": the secrets that are missing.
  std::vector<std::string> missing_secrets;
  std::string source;  // "policies.yaml:12", for messages
  // The line of each value by path ("spec.when.pattern.regex"), for messages; for a Dictionary only
  // the lines of its fields, because it may have 100,000 terms.
  std::map<std::string, std::size_t> lines;
};

// The resources of `files`, in their order; a listing ({items: […]}, as the gateway prints it) is
// read as the resources in it. INVALID_ARGUMENT with every mistake. The same kind and name twice is
// a mistake.
absl::StatusOr<std::vector<SourcedResource>> ReadResources(const std::vector<SourceFile>& files,
                                                           const ExternalValues& values,
                                                           Secrets secrets = Secrets::kRequired);

// The stored spec of a Credential whose secret was sealed to `sealed`.
std::string SealedSpec(absl::string_view sealed);
// Replaces the sealed secret wherever a Credential is shown.
inline constexpr absl::string_view kWithheld = "withheld";

// Reads the specs in `list` and checks the references between them. INVALID_ARGUMENT lists every
// mistake: `Policy/p: spec.match.connections[0]: there is no Connection "openai"`.
absl::StatusOr<std::shared_ptr<const domain::ResourceSet>> BuildResourceSet(
    const domain::ResourceList& list);

// The kinds, in the order of listings. KindFromUser accepts any case and the plural.
const std::vector<std::string>& Kinds();
absl::StatusOr<std::string> KindFromUser(absl::string_view text);

// A pattern of a resource whose word edges are refused in files, but kept where an earlier version
// of this program has stored them (text::regex::CheckWordEdges).
struct RefusedEdges {
  std::string resource;  // "Policy/regulated"
  std::string path;      // "spec.when.any[1].pattern.regex"
  std::string why;       // "at byte 3: …"
};

std::vector<RefusedEdges> FindRefusedEdges(const domain::ResourceSet& resources);

}  // namespace countersign::config
