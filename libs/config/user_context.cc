#include "libs/config/user_context.h"

#include <yaml-cpp/yaml.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/config/fields.h"

namespace countersign::config {
namespace {

absl::StatusOr<YAML::Node> Load(const std::string& file, const std::string& content) {
  try {
    return YAML::Load(content);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":", error.mark.line + 1, ": not valid YAML: ", error.msg));
  }
}

}  // namespace

absl::StatusOr<UserContexts> ReadUserContexts(const std::string& file, const std::string& content) {
  UserContexts read;
  CS_ASSIGN_OR_RETURN(const YAML::Node root, Load(file, content));
  if (root.IsNull()) return read;
  Mistakes mistakes;
  mistakes.SetPlace(file, "");
  {
    Fields fields(root, "", mistakes);
    read.current = fields.String("currentContext");
    fields.ForEach("contexts", [&](const YAML::Node& node, const std::string& path) {
      Fields context(node, path, mistakes);
      UserContexts::Named one;
      one.name = context.Required("name");
      one.context.address = context.String("addr");
      one.context.token = context.String("token");
      one.context.token_file = context.String("tokenFile");
      one.context.ca_file = context.String("caFile");
      for (const UserContexts::Named& other : read.contexts) {
        if (other.name == one.name) context.Mistake("name", "stands there twice");
      }
      read.contexts.push_back(std::move(one));
    });
  }
  CS_RETURN_IF_ERROR(mistakes.ToStatus());
  return read;
}

std::string WriteUserContexts(const UserContexts& contexts) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  if (!contexts.current.empty()) {
    out << YAML::Key << "currentContext" << YAML::Value << contexts.current;
  }
  out << YAML::Key << "contexts" << YAML::Value << YAML::BeginSeq;
  for (const UserContexts::Named& one : contexts.contexts) {
    out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << one.name;
    const std::pair<const char*, const std::string&> members[] = {
        {"addr", one.context.address},
        {"token", one.context.token},
        {"tokenFile", one.context.token_file},
        {"caFile", one.context.ca_file}};
    for (const auto& [name, value] : members) {
      if (!value.empty()) out << YAML::Key << name << YAML::Value << value;
    }
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return absl::StrCat(out.c_str(), "\n");
}

absl::StatusOr<UserContext> ReadUserContext(const std::string& file, const std::string& content,
                                            const std::string& name) {
  CS_ASSIGN_OR_RETURN(const UserContexts all, ReadUserContexts(file, content));
  const std::string& wanted = name.empty() ? all.current : name;
  for (const UserContexts::Named& one : all.contexts) {
    if (one.name == wanted) return one.context;
  }
  if (wanted.empty()) return UserContext{};
  return absl::InvalidArgumentError(absl::StrCat(file, ": there is no context \"", wanted, "\""));
}

}  // namespace countersign::config
