#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_reader.h"

namespace countersign::config {

// One question to a set of policies, and the answer that it should get.
struct PolicyCase {
  std::string name;
  std::string identity;
  std::vector<std::string> groups;  // beside those of the Identity resource
  std::string connection;
  std::string model;
  std::string operation = "chat.completions";
  std::vector<std::pair<std::string, std::string>> messages;  // role and text, in order
  std::map<std::string, double> parameters;
  std::string expect;  // allow | deny | review
  std::string policy;  // the deciding one; empty: any
  std::string reason;  // what one of its reasons has to contain; empty: any
  std::size_t line = 0;
};

// A file of `countersign policy test`:
//   resources: [policies.yaml, {apiVersion: …, kind: Dictionary, …}]
//   cases:
//     - {name: …, as: {identity: ann, groups: [ops]}, connection: openai, prompt: …, expect: deny}
struct PolicyTestFile {
  std::vector<std::string> paths;     // of resources, as they stand there
  std::vector<SourceFile> resources;  // those written in the file itself
  std::vector<PolicyCase> cases;      // at least one
};

// INVALID_ARGUMENT with every mistake, each with its line.
absl::StatusOr<PolicyTestFile> ReadPolicyTestFile(const SourceFile& file);

}  // namespace countersign::config
