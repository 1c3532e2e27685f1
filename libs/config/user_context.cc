#include "libs/config/user_context.h"

#include <yaml-cpp/yaml.h>

#include <optional>

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

absl::StatusOr<UserContext> ReadUserContext(const std::string& file, const std::string& content,
                                            const std::string& name) {
  CS_ASSIGN_OR_RETURN(const YAML::Node root, Load(file, content));
  Mistakes mistakes;
  mistakes.SetPlace(file, "");
  std::optional<UserContext> chosen;
  std::string wanted = name;
  {
    Fields fields(root, "", mistakes);
    const std::string current = fields.String("currentContext");
    if (wanted.empty()) wanted = current;
    fields.ForEach("contexts", [&](const YAML::Node& node, const std::string& path) {
      Fields context(node, path, mistakes);
      UserContext read;
      const std::string own_name = context.Required("name");
      read.address = context.String("addr");
      read.token = context.String("token");
      read.token_file = context.String("tokenFile");
      read.ca_file = context.String("caFile");
      if (own_name == wanted) chosen = read;
    });
  }
  CS_RETURN_IF_ERROR(mistakes.ToStatus());
  if (!chosen.has_value() && !wanted.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": there is no context \"", wanted, "\""));
  }
  return chosen.value_or(UserContext{});
}

}  // namespace countersign::config
