#include "libs/config/external_values.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

namespace countersign::config {
namespace {

using Keys = std::set<std::string>;

Keys Collect(const std::string& kind, const std::string& spec) {
  Keys keys;
  CollectExternalValues(kind, YAML::Load(spec), keys);
  return keys;
}

struct Resolved {
  std::string json;
  std::string mistakes;
};

Resolved Resolve(const std::string& kind, const std::string& spec, const ExternalValues& values) {
  Mistakes mistakes;
  mistakes.SetPlace("f.yaml", "");
  Resolved resolved;
  const YAML::Node node =
      ResolveExternalValues(kind, YAML::Load(spec), values, Secrets::kRequired, mistakes).spec;
  REQUIRE(AppendCanonicalJson(node, resolved.json).ok());
  resolved.mistakes = std::string(mistakes.ToStatus().message());
  return resolved;
}

TEST_CASE("CollectExternalValues: finds them in every place of every kind", "[config]") {
  CHECK(Collect("Credential", "{bearer: {env: KEY}}") == Keys{"env:KEY"});
  CHECK(Collect("Credential", "{mtls: {cert: {file: c.pem}, key: {file: k.pem}}}") ==
        Keys{"file:c.pem", "file:k.pem"});
  CHECK(Collect("Dictionary", "{file: words.txt}") == Keys{"file:words.txt"});
  CHECK(Collect("MaskingProfile",
                "{response: [{hashed: {pattern: x, values: {file: h}, key: {env: K}}}], prompt: "
                "[{hashed: {pattern: x, values: [a], key: {file: k}}}]}") ==
        Keys{"env:K", "file:h", "file:k"});
}

TEST_CASE("ResolveExternalValues: a Connection's descriptors, of a file as protoc writes it",
          "[config]") {
  CHECK(Collect("Connection", "{descriptors: {file: d.pb}}") == Keys{"binary:d.pb"});
  const ExternalValues values = {{"env:SET", "AAEC\n"}, {"binary:d.pb", "AAEK"}};
  const std::string inlined = R"({"descriptors":{"inline":)";
  CHECK(Resolve("Connection", "{descriptors: {file: d.pb}}", values).json ==
        inlined + "\"AAEK\"}}");
  CHECK(Resolve("Connection", "{descriptors: {env: SET}}", values).json == inlined + "\"AAEC\"}}");
  CHECK(Resolve("Connection", "{descriptors: {inline: AAEC}}", values).json ==
        inlined + "\"AAEC\"}}");
  CHECK(Resolve("Connection", "{descriptors: {file: no.pb}}", values).mistakes ==
        "f.yaml:1: spec.descriptors: the file no.pb could not be read");
  CHECK(Resolve("Connection", "{descriptors: {env: NO}}", values).mistakes ==
        "f.yaml:1: spec.descriptors: the environment variable NO is not set");
  CHECK(
      Resolve("Connection", "{descriptors: d.pb}", values).mistakes ==
      "f.yaml:1: spec.descriptors: must be exactly one of {inline: …}, {env: NAME}, {file: PATH}");
}

TEST_CASE("CollectExternalValues: none in inline values, other kinds and malformed specs",
          "[config]") {
  CHECK(Collect("Credential", "{bearer: {inline: x}}").empty());
  CHECK(Collect("Policy", "{bearer: {env: KEY}}").empty());
  for (const char* spec : {"x", "[x]", "{bearer: x}", "{bearer: {env: [a]}}", "{bearer: {}}",
                           "{bearer: {env: A, file: b}}", "{header: x}"}) {
    INFO(spec);
    CHECK(Collect("Credential", spec).empty());
  }
}

TEST_CASE("ResolveExternalValues: a SAML provider's metadata, of a file", "[config]") {
  const std::string spec = "{saml: {metadataFile: m.xml, audience: a}}";
  CHECK(Collect("IdentityProvider", spec) == Keys{"file:m.xml"});
  const Resolved resolved = Resolve("IdentityProvider", spec, {{"file:m.xml", "<m/>\n"}});
  CHECK(resolved.json == R"({"saml":{"audience":"a","metadata":"<m/>\n"}})");
  CHECK(resolved.mistakes.empty());
  CHECK(Resolve("IdentityProvider", spec, {}).mistakes ==
        "f.yaml:1: spec.saml.metadataFile: the file m.xml could not be read");
  CHECK(Resolve("IdentityProvider", spec, {{"file:m.xml", ""}}).mistakes ==
        "f.yaml:1: spec.saml.metadataFile: the file m.xml is empty");
  CHECK(Resolve("IdentityProvider", "{saml: {metadataFile: [m]}}", {}).mistakes ==
        "f.yaml:1: spec.saml.metadataFile: must be the path of a file");
  CHECK(Collect("IdentityProvider", "{saml: {metadata: <m/>}}").empty());
}

TEST_CASE("ResolveExternalValues: a value becomes inline, without one final newline", "[config]") {
  const ExternalValues values = {{"env:KEY", "sk\n"}, {"file:p", "two\n\n"}, {"file:w", "a\r\n"}};
  CHECK(Resolve("Credential", "{bearer: {env: KEY}}", values).json ==
        R"({"bearer":{"inline":"sk"}})");
  CHECK(Resolve("Credential", "{basic: {username: u, password: {file: p}}}", values).json ==
        R"({"basic":{"password":{"inline":"two\n"},"username":"u"}})");
  CHECK(Resolve("Credential", "{bearer: {file: w}}", values).json ==
        R"({"bearer":{"inline":"a"}})");
}

TEST_CASE("ResolveExternalValues: a Dictionary's file adds a term for each line", "[config]") {
  const Resolved resolved = Resolve("Dictionary", "{terms: [a], file: w.txt, normalize: none}",
                                    {{"file:w.txt", "b\r\n\nc d"}});
  CHECK(resolved.json == R"({"normalize":"none","terms":["a","b","c d"]})");
  CHECK(resolved.mistakes.empty());
}

TEST_CASE("ResolveExternalValues: missing and empty values are named", "[config]") {
  const auto mistake = [](const std::string& spec, const ExternalValues& values) {
    return Resolve("Credential", spec, values).mistakes;
  };
  CHECK(mistake("{bearer: {env: KEY}}", {}) ==
        "f.yaml:1: spec.bearer: the environment variable KEY is not set");
  CHECK(mistake("{bearer: {env: KEY}}", {{"env:KEY", "\n"}}) ==
        "f.yaml:1: spec.bearer: the environment variable KEY is empty");
  CHECK(mistake("{bearer: {file: k}}", {}) ==
        "f.yaml:1: spec.bearer: the file k could not be read");
  CHECK(mistake("{bearer: {file: k}}", {{"file:k", ""}}) ==
        "f.yaml:1: spec.bearer: the file k is empty");
  CHECK(mistake("{bearer: {env: A, file: b}}", {}) ==
        "f.yaml:1: spec.bearer: must be exactly one of {inline: …}, {env: NAME}, {file: PATH}");
  CHECK(Resolve("Dictionary", "{file: [x]}", {}).mistakes ==
        "f.yaml:1: spec.file: must be the path of a file");
}

TEST_CASE("ResolveExternalValues: does not change the given spec", "[config]") {
  const YAML::Node spec = YAML::Load("{bearer: {env: KEY}}");
  Mistakes mistakes;
  const YAML::Node resolved =
      ResolveExternalValues("Credential", spec, {{"env:KEY", "x"}}, Secrets::kRequired, mistakes)
          .spec;
  CHECK(spec["bearer"]["env"].Scalar() == "KEY");
  CHECK(resolved["bearer"]["inline"].Scalar() == "x");
}

}  // namespace
}  // namespace countersign::config
