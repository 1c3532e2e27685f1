#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_reader.h"

namespace countersign::config {

// A question to a set of policies and its expected answer.
struct PolicyCase {
  std::string name;
  std::string identity;
  std::vector<std::string> groups;  // in addition to those of the Identity resource
  std::string connection;
  std::string model;
  std::string operation = "chat.completions";
  std::vector<std::pair<std::string, std::string>> messages;  // role and text, in order
  std::map<std::string, double> parameters;
  std::string expect;  // allow | deny | review
  std::string policy;  // the expected deciding policy; empty: any
  std::string reason;  // expected text in one of the reasons; empty: any
  std::size_t line = 0;
};

// A file of `countersign policy test`:
//   resources: [policies.yaml, {apiVersion: …, kind: Dictionary, …}]
//   cases:
//     - {name: …, as: {identity: ann, groups: [ops]}, connection: openai, prompt: …, expect: deny}
struct PolicyTestFile {
  std::vector<std::string> paths;     // of resource files, as written
  std::vector<SourceFile> resources;  // resources within the file
  std::vector<PolicyCase> cases;      // at least one
};

// INVALID_ARGUMENT lists every mistake with its line.
absl::StatusOr<PolicyTestFile> ReadPolicyTestFile(const SourceFile& file);

}  // namespace countersign::config
