#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/create/resource_builder.h"

namespace countersign::cli::create {

// How an option of `create KIND` becomes a part of the resource.
enum class Form {
  kField,   // as ResourceBuilder::Set reads it
  kSwitch,  // without a value: true, or an empty mapping
  kEnv,     // the name of an environment variable that has the value
  kFile,    // the name of a file that has the value
  kLines,   // the name of a file, each line of which is an item
  kEntity,  // entities with commas, a rule of a masking profile each
};

struct Flag {
  absl::string_view kind;  // one of config::Kinds()
  absl::string_view option;
  absl::string_view path;   // of the field that it sets
  absl::string_view about;  // empty: what the reference says of the field
  Form form = Form::kField;
  bool repeated = false;
};

// The options for the fields that people set most; all others are set with --set.
const std::vector<Flag>& Flags();

// What the option's help says.
std::string DescribeFlag(const Flag& flag);

// Sets the flag's field. Errors name the option.
absl::Status ApplyFlag(const Flag& flag, const std::string& value, ResourceBuilder& builder);

}  // namespace countersign::cli::create
