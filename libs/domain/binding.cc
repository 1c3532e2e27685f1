#include "libs/domain/binding.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"

namespace countersign::domain {
namespace {

bool IsBound(absl::string_view name) {
  return name == "accept" || name == "user-agent" || name == "content-type" ||
         name == "content-encoding" || name == "inference-header-content-length" ||
         absl::StartsWith(name, "openai-") || absl::StartsWith(name, "anthropic-");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> BoundHeaders(
    const std::vector<std::pair<std::string, std::string>>& headers) {
  std::vector<std::pair<std::string, std::string>> bound;
  for (const auto& [name, value] : headers) {
    std::string lower = absl::AsciiStrToLower(name);
    if (IsBound(lower)) bound.emplace_back(std::move(lower), value);
  }
  std::sort(bound.begin(), bound.end());
  return bound;
}

std::string BindingHash(const BoundRequest& request) {
  const std::vector<std::pair<std::string, std::string>> bound = BoundHeaders(request.headers);
  LengthPrefixed encoded;
  encoded.Add("countersign binding v1").Add(request.issuer).Add(request.subject).Add(request.actor);
  encoded.Add(request.connection).Add(request.connection_version);
  encoded.Add(request.method).Add(request.path_and_query).Add(bound.size());
  for (const auto& [name, value] : bound) encoded.Add(name).Add(value);
  encoded.Add(request.body);
  return HexEncode(crypto::Sha256(encoded.bytes()));
}

}  // namespace countersign::domain
