#include "libs/dialects/openai/requests/resource_id.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "libs/base/status.h"
#include "libs/dialects/members/schema.h"
#include "libs/dialects/openai/requests/json_request.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai::requests {
namespace {

constexpr std::size_t kLongestId = 128;

bool IsIdCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
}

}  // namespace

absl::StatusOr<std::string> ReadResourceId(absl::string_view segment, absl::string_view prefix,
                                           domain::Prompt& prompt, ReadCall& call) {
  if (segment.empty() || segment.size() > kLongestId ||
      !std::all_of(segment.begin(), segment.end(), IsIdCharacter)) {
    return absl::NotFoundError("there is no such id");
  }
  members::Schema::Node id;
  id.prefixes = {prefix};
  if (!members::IsMachineId(id, segment)) {
    domain::TextPart part;
    part.role = "user";
    part.pointer = "/:id";
    part.text = std::string(segment);
    prompt.parts.push_back(std::move(part));
    call.places.emplace_back();
  }
  return std::string(segment);
}

absl::Status CheckEmptyBody(const IncomingRequest& request) {
  CS_ASSIGN_OR_RETURN(const std::string body, ReadBody(request));
  if (absl::StripAsciiWhitespace(body).empty()) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(const json::Document document, ParseObject(body));
  if (document.root().size() == 0) return absl::OkStatus();
  return absl::InvalidArgumentError("this request has no body");
}

}  // namespace countersign::dialects::openai::requests
