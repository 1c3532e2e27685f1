#include "services/policy/resources/resource_service.h"

#include <algorithm>
#include <memory>
#include <string>

#include "libs/base/status.h"
#include "libs/rpc/handler.h"
#include "libs/wire/resource_wire.h"
#include "services/policy/policy_errors.h"
#include "services/policy/resources/resource_wire.h"

namespace countersign::policy::resources {

namespace {

bool HasRoleEverywhere(const domain::Principal& caller, domain::Role role) {
  return std::any_of(caller.roles.begin(), caller.roles.end(), [&](const domain::RoleGrant& grant) {
    return grant.role == role && grant.connections.empty();
  });
}

}  // namespace

absl::StatusOr<std::string> ResourceService::Admin(
    const grpc::CallbackServerContext& context) const {
  CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(context, callers_));
  if (!HasRoleEverywhere(*caller, domain::Role::kAdmin)) return AdminOnly();
  return caller->DisplayName();
}

absl::Status ResourceService::CheckReader(const grpc::CallbackServerContext& context) const {
  CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(context, callers_));
  const bool may_read = HasRoleEverywhere(*caller, domain::Role::kAdmin) ||
                        HasRoleEverywhere(*caller, domain::Role::kAuditor);
  return may_read ? absl::OkStatus() : ReadersOnly();
}

grpc::ServerUnaryReactor* ResourceService::Apply(grpc::CallbackServerContext* context,
                                                 const v1::ApplyRequest* request,
                                                 v1::ApplyResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const std::string admin, Admin(*context));
    CS_ASSIGN_OR_RETURN(const ApplyCommand command, FromProto(*request, admin));
    const auto outcome = hub_.Apply(command);
    if (!outcome.ok()) return FitForTrailers(outcome.status());
    *response = ToProto(*outcome);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ResourceService::GetResources(grpc::CallbackServerContext* context,
                                                        const v1::GetResourcesRequest* request,
                                                        v1::GetResourcesResponse* response) {
  return rpc::FinishInline(context, [&]() -> absl::Status {
    CS_RETURN_IF_ERROR(CheckReader(*context));
    CS_ASSIGN_OR_RETURN(const auto set, hub_.Current());
    CS_ASSIGN_OR_RETURN(*response, ListResources(*set, *request));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ResourceService::DeleteResource(grpc::CallbackServerContext* context,
                                                          const v1::DeleteResourceRequest* request,
                                                          v1::DeleteResourceResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const std::string admin, Admin(*context));
    CS_ASSIGN_OR_RETURN(const std::string kind, config::KindFromUser(request->kind()));
    const auto outcome = hub_.Delete(kind, request->name(), request->no_wait(), admin);
    if (!outcome.ok()) return FitForTrailers(outcome.status());
    *response = ToProto(*outcome);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ResourceService::ListParts(grpc::CallbackServerContext* context,
                                                     const v1::ListPartsRequest* request,
                                                     v1::ListPartsResponse* response) {
  (void)request;
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_RETURN_IF_ERROR(Admin(*context).status());
    CS_ASSIGN_OR_RETURN(const PartsReport report, hub_.ListParts());
    *response = ToProto(report);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* ResourceService::ExamineParts(grpc::CallbackServerContext* context,
                                                        const v1::ExaminePartsRequest* request,
                                                        v1::ExaminePartsResponse* response) {
  (void)request;
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_RETURN_IF_ERROR(Admin(*context).status());
    CS_ASSIGN_OR_RETURN(const std::vector<PartCheck> checks, examination_.Run());
    for (const PartCheck& one : checks) *response->add_items() = wire::ToProto(one.check, one.part);
    return absl::OkStatus();
  });
}

}  // namespace countersign::policy::resources
