#include "libs/dialects/openai/requests/stream_usage.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::dialects::openai::requests {
namespace {

using json::Type;
using json::Value;

absl::Status CheckStreamOptions(const Value& options) {
  if (options.exists() && !options.is(Type::kObject) && !options.is(Type::kNull)) {
    return absl::InvalidArgumentError("\"stream_options\" must be an object");
  }
  const Value include = options["include_usage"];
  if (include.exists() && !include.is(Type::kBool) && !include.is(Type::kNull)) {
    return absl::InvalidArgumentError("\"include_usage\" must be true or false");
  }
  return absl::OkStatus();
}

void AddRequest(const Value& root, ReadCall& call) {
  const Value options = root["stream_options"];
  if (options.is(Type::kObject)) {
    const Value include = options["include_usage"];
    if (include.boolean().value_or(false)) return;
    if (include.exists()) {
      call.additions.push_back(Edit{include.begin(), include.end(), "true"});
    } else {
      call.additions.push_back(
          Edit{options.begin() + 1, options.begin() + 1,
               absl::StrCat("\"include_usage\":true", options.size() > 0 ? "," : "")});
    }
  } else if (options.exists()) {
    call.additions.push_back(Edit{options.begin(), options.end(), "{\"include_usage\":true}"});
  } else {
    call.additions.push_back(
        Edit{root.begin() + 1, root.begin() + 1, "\"stream_options\":{\"include_usage\":true},"});
  }
  call.hide_usage = true;
}

}  // namespace

absl::Status RequestUsage(const IncomingRequest& request, const Value& root, ReadCall& call) {
  CS_RETURN_IF_ERROR(CheckStreamOptions(root["stream_options"]));
  if (request.ask_for_usage) AddRequest(root, call);
  return absl::OkStatus();
}

}  // namespace countersign::dialects::openai::requests
