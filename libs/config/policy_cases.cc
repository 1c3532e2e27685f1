#include "libs/config/policy_cases.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/config/fields.h"

namespace countersign::config {
namespace {

void ReadMessages(Fields& fields, PolicyCase& out) {
  if (fields.Has("prompt") == fields.Has("messages")) {
    fields.Mistake("", "needs exactly one of prompt, messages");
  }
  if (fields.Has("prompt")) out.messages.emplace_back("user", fields.String("prompt"));
  fields.ForEach("messages", [&](const YAML::Node& node, const std::string& path) {
    Fields message(node, path, fields.mistakes());
    const std::string role =
        message.Choice("role", {"system", "developer", "user", "assistant", "tool", "function"});
    out.messages.emplace_back(role.empty() ? "user" : role, message.Required("content"));
  });
}

PolicyCase ReadCase(const YAML::Node& node, const std::string& path, Mistakes& mistakes) {
  Fields fields(node, path, mistakes);
  PolicyCase out;
  out.line = static_cast<std::size_t>(node.Mark().line + 1);
  out.name = fields.Required("name");
  if (fields.Has("as")) {
    Fields as = fields.Nested("as");
    out.identity = as.String("identity");
    out.groups = as.Strings("groups");
  }
  out.connection = fields.Required("connection");
  out.model = fields.String("model");
  out.operation = fields.String("operation", out.operation);
  ReadMessages(fields, out);
  if (fields.Has("parameters")) {
    const YAML::Node given = fields.Child("parameters");
    Fields parameters(given, fields.Path("parameters"), mistakes);
    if (given.IsMap()) {
      for (const auto& entry : given) {
        const std::string name = entry.first.Scalar();
        out.parameters[name] = parameters.Number(name, 0);
      }
    }
  }
  out.expect = fields.Choice("expect", {"allow", "deny", "review"});
  if (!fields.Has("expect")) fields.Mistake("expect", "is required");
  out.policy = fields.String("policy");
  out.reason = fields.String("reason");
  return out;
}

}  // namespace

absl::StatusOr<PolicyTestFile> ReadPolicyTestFile(const SourceFile& file) {
  PolicyTestFile read;
  Mistakes mistakes;
  mistakes.SetPlace(file.name, "policy test");
  YAML::Node root;
  try {
    root = YAML::Load(file.content);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name, ":", error.mark.line + 1, ": ", error.msg));
  }
  {
    Fields fields(root, "", mistakes);
    fields.ForEach("resources", [&](const YAML::Node& node, const std::string& path) {
      if (node.IsScalar()) {
        read.paths.push_back(node.Scalar());
        return;
      }
      SourceFile resource{absl::StrCat(file.name, " ", path), ""};
      const absl::Status written = AppendCanonicalJson(node, resource.content);
      if (!written.ok()) mistakes.Add(node, path, written.message());
      read.resources.push_back(std::move(resource));
    });
    fields.ForEach("cases", [&](const YAML::Node& node, const std::string& path) {
      read.cases.push_back(ReadCase(node, path, mistakes));
    });
    if (read.cases.empty()) fields.Mistake("cases", "needs at least one");
  }
  CS_RETURN_IF_ERROR(mistakes.ToStatus());
  return read;
}

}  // namespace countersign::config
