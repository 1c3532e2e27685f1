#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/base/thread_pool.h"
#include "libs/rpc/caller.h"
#include "services/authn/access_keys/key_manager.h"

namespace countersign::authn::access_keys {

// KeyService over gRPC, for administrators. The edge has checked the role; it is checked again
// here.
class KeyService final : public v1::KeyService::CallbackService {
 public:
  KeyService(KeyManager& keys, ThreadPool& pool, rpc::CallerVerifier& callers)
      : keys_(keys), pool_(pool), callers_(callers) {}

  grpc::ServerUnaryReactor* CreateKey(grpc::CallbackServerContext* context,
                                      const v1::CreateKeyRequest* request,
                                      v1::CreateKeyResponse* response) override;
  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context,
                                     const v1::ListKeysRequest* request,
                                     v1::ListKeysResponse* response) override;
  grpc::ServerUnaryReactor* RevokeKey(grpc::CallbackServerContext* context,
                                      const v1::RevokeKeyRequest* request,
                                      v1::RevokeKeyResponse* response) override;

 private:
  // The display name of the calling administrator. PERMISSION_DENIED for other callers.
  absl::StatusOr<std::string> Admin(const grpc::CallbackServerContext& context) const;

  KeyManager& keys_;
  ThreadPool& pool_;
  rpc::CallerVerifier& callers_;
};

}  // namespace countersign::authn::access_keys
