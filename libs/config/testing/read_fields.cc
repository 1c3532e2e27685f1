#include "libs/config/testing/read_fields.h"

#include <yaml-cpp/yaml.h>

namespace countersign::config::testing {

std::string ReadFields(const std::string& yaml, const std::string& path,
                       const std::function<void(Fields&)>& read) {
  Mistakes mistakes;
  mistakes.SetPlace("f.yaml", "");
  {
    Fields fields(yaml.empty() ? YAML::Node(YAML::NodeType::Undefined) : YAML::Load(yaml), path,
                  mistakes);
    read(fields);
  }
  return std::string(mistakes.ToStatus().message());
}

}  // namespace countersign::config::testing
