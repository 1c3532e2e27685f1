#include "services/policy/resources/resource_wire.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/config/resource_reader.h"
#include "libs/wire/prompt_wire.h"
#include "services/policy/policy_errors.h"

namespace countersign::policy::resources {
namespace {

constexpr std::size_t kDefaultPage = 200;
constexpr std::size_t kMaxPage = 1000;
// The maximum size of a page, because dictionaries may be large.
constexpr std::size_t kMaxPageBytes = 16u << 20;
constexpr char kApiVersion[] = "countersign/v1";

std::uint32_t Clamp32(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

v1::Part::State ToProto(PartStatus::State state) {
  switch (state) {
    case PartStatus::State::kServing: return v1::Part::SERVING;
    case PartStatus::State::kLagging: return v1::Part::LAGGING;
    case PartStatus::State::kAway: break;
  }
  return v1::Part::AWAY;
}

absl::Status Invalid(absl::string_view field, absl::string_view what) {
  return WithReason(InvalidField(field, what), "invalid_request");
}

}  // namespace

absl::StatusOr<ApplyCommand> FromProto(const v1::ApplyRequest& request, const std::string& author) {
  if (request.files().empty()) return Invalid("files", "needs at least one");
  if (static_cast<std::size_t>(request.files_size()) > kMaxFiles) {
    return Invalid("files", absl::StrCat("more than ", kMaxFiles));
  }
  ApplyCommand command;
  command.author = author;
  command.dry_run = request.dry_run();
  command.no_wait = request.no_wait();
  std::size_t bytes = 0;
  for (const v1::SourceFile& file : request.files()) {
    bytes += file.content().size();
    command.files.push_back({file.name(), file.content()});
  }
  for (const auto& [key, value] : request.values()) {
    bytes += value.size();
    command.values.emplace(key, value);
  }
  if (bytes > kMaxApplyBytes) {
    return Invalid("files", absl::StrCat("more than ", kMaxApplyBytes >> 20, " MiB together"));
  }
  return command;
}

v1::ApplyResponse ToProto(const ApplyOutcome& outcome) {
  v1::ApplyResponse response;
  response.set_version(Clamp32(outcome.version));
  for (const ApplyItem& item : outcome.items) {
    v1::ApplyResult& result = *response.add_items();
    result.set_kind(item.kind);
    result.set_name(item.name);
    result.set_result(item.result);
    result.set_before(item.before);
    result.set_after(item.after);
  }
  for (const std::string& part : outcome.waiting_for) response.add_waiting_for(part);
  return response;
}

v1::DeleteResourceResponse ToProto(const DeleteOutcome& outcome) {
  v1::DeleteResourceResponse response;
  response.set_version(Clamp32(outcome.version));
  for (const std::string& part : outcome.waiting_for) response.add_waiting_for(part);
  return response;
}

v1::ListPartsResponse ToProto(const PartsReport& report) {
  v1::ListPartsResponse response;
  response.set_version(Clamp32(report.version));
  for (const PartStatus& part : report.parts) {
    v1::Part& item = *response.add_items();
    item.set_name(part.name);
    item.set_version(Clamp32(part.version));
    item.set_state(ToProto(part.state));
    item.set_release(part.release);
  }
  return response;
}

v1::Resource ToProto(const domain::Resource& resource) {
  v1::Resource proto;
  proto.set_api_version(kApiVersion);
  proto.set_kind(resource.kind);
  proto.set_name(resource.name);
  for (const auto& [key, value] : resource.labels) (*proto.mutable_labels())[key] = value;
  proto.set_spec(WithheldSpec(resource));
  proto.set_version(Clamp32(resource.version));
  *proto.mutable_updated_at() = wire::ToProto(resource.updated_at);
  return proto;
}

absl::StatusOr<v1::GetResourcesResponse> ListResources(const domain::ResourceList& list,
                                                       const v1::GetResourcesRequest& request) {
  std::string kind;
  if (!request.kind().empty()) {
    CS_ASSIGN_OR_RETURN(kind, config::KindFromUser(request.kind()));
  }
  v1::GetResourcesResponse response;
  if (!request.name().empty()) {
    if (kind.empty()) return Invalid("kind", "is required beside name");
    for (const domain::Resource& resource : list.resources) {
      if (resource.kind != kind || resource.name != request.name()) continue;
      *response.add_items() = ToProto(resource);
      return response;
    }
    return NoSuchResource(kind, request.name());
  }

  // A token names the last resource of the previous page, so additions and removals do not shift
  // pages.
  std::pair<std::string, std::string> after;
  if (!request.page_token().empty()) {
    const std::vector<std::string> parts = absl::StrSplit(request.page_token(), '/');
    if (parts.size() != 2) return Invalid("page_token", "was not given out");
    after = {parts[0], parts[1]};
  }
  const std::size_t wanted = request.page_size() == 0
                                 ? kDefaultPage
                                 : std::min<std::size_t>(request.page_size(), kMaxPage);
  std::size_t bytes = 0;
  for (const domain::Resource& resource : list.resources) {
    if (!kind.empty() && resource.kind != kind) continue;
    if (std::tie(resource.kind, resource.name) <= std::tie(after.first, after.second)) continue;
    const auto count = static_cast<std::size_t>(response.items_size());
    if (count == wanted || (count > 0 && bytes + resource.spec.size() > kMaxPageBytes)) {
      const v1::Resource& last = response.items(response.items_size() - 1);
      response.set_next_page_token(absl::StrCat(last.kind(), "/", last.name()));
      break;
    }
    bytes += resource.spec.size();
    *response.add_items() = ToProto(resource);
  }
  return response;
}

}  // namespace countersign::policy::resources
