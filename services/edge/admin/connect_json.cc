#include "services/edge/admin/connect_json.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/document.h"

namespace countersign::edge::admin {
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MessageFromJson(
    const google::protobuf::Descriptor& type, absl::string_view json) {
  CS_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(json, json::BodyLimits(json.size())));
  if (!document.root().is(json::Type::kObject)) {
    return absl::InvalidArgumentError("the body must be a JSON object");
  }
  std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message.get());
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a ", type.name(), ": ", status.message().ToString()));
  }
  return message;
}

}  // namespace countersign::edge::admin
