#include "services/authn/access_keys/key_service.h"

#include "libs/base/status.h"
#include "libs/rpc/handler.h"
#include "services/authn/authn_wire.h"

namespace countersign::authn::access_keys {

absl::StatusOr<std::string> KeyService::Admin(const grpc::CallbackServerContext& context) const {
  CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(context, callers_));
  // Access keys belong to no connection, so a role bound to some connections is not enough.
  for (const domain::RoleGrant& grant : caller->roles) {
    if (grant.role == domain::Role::kAdmin && grant.connections.empty()) {
      return caller->DisplayName();
    }
  }
  return WithReason(absl::PermissionDeniedError("access keys are for administrators"),
                    "permission_denied");
}

grpc::ServerUnaryReactor* KeyService::CreateKey(grpc::CallbackServerContext* context,
                                                const v1::CreateKeyRequest* request,
                                                v1::CreateKeyResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(std::string admin, Admin(*context));
    CS_ASSIGN_OR_RETURN(const NewKey key, FromProto(*request, std::move(admin)));
    CS_ASSIGN_OR_RETURN(const CreatedKey created, keys_.Create(key));
    *response = ToProto(created);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* KeyService::ListKeys(grpc::CallbackServerContext* context,
                                               const v1::ListKeysRequest* request,
                                               v1::ListKeysResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_RETURN_IF_ERROR(Admin(*context).status());
    CS_ASSIGN_OR_RETURN(const KeyPage page,
                        keys_.List(PageSize(request->page_size()), request->page_token()));
    for (const KeyRecord& key : page.items) {
      *response->add_items() = ToProto(key, keys_.GetState(key));
    }
    response->set_next_page_token(page.next_page_token);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* KeyService::RevokeKey(grpc::CallbackServerContext* context,
                                                const v1::RevokeKeyRequest* request,
                                                v1::RevokeKeyResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_RETURN_IF_ERROR(Admin(*context).status());
    CS_ASSIGN_OR_RETURN(const KeyRecord revoked, keys_.Revoke(request->id()));
    *response = ToProto(revoked);
    return absl::OkStatus();
  });
}

}  // namespace countersign::authn::access_keys
