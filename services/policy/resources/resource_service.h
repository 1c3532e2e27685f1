#pragma once

#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/base/thread_pool.h"
#include "libs/rpc/caller.h"
#include "services/policy/resources/part_examination.h"
#include "services/policy/resources/resource_hub.h"

namespace countersign::policy::resources {

// ResourceService over gRPC, for administrators. Every method needs the role admin on all
// connections: resources are shared, so an administrator of some connections must not change them.
// An auditor of all connections may read them: who reads every prompt may know what judged it.
class ResourceService final : public v1::ResourceService::CallbackService {
 public:
  // Changes block until parts have validated and served them, so `pool` should have a few threads.
  // All four must outlive the service.
  ResourceService(ResourceHub& hub, PartExamination& examination, rpc::CallerVerifier& callers,
                  ThreadPool& pool)
      : hub_(hub), examination_(examination), callers_(callers), pool_(pool) {}

  grpc::ServerUnaryReactor* Apply(grpc::CallbackServerContext* context,
                                  const v1::ApplyRequest* request,
                                  v1::ApplyResponse* response) override;
  grpc::ServerUnaryReactor* GetResources(grpc::CallbackServerContext* context,
                                         const v1::GetResourcesRequest* request,
                                         v1::GetResourcesResponse* response) override;
  grpc::ServerUnaryReactor* DeleteResource(grpc::CallbackServerContext* context,
                                           const v1::DeleteResourceRequest* request,
                                           v1::DeleteResourceResponse* response) override;
  grpc::ServerUnaryReactor* ListParts(grpc::CallbackServerContext* context,
                                      const v1::ListPartsRequest* request,
                                      v1::ListPartsResponse* response) override;
  grpc::ServerUnaryReactor* ExamineParts(grpc::CallbackServerContext* context,
                                         const v1::ExaminePartsRequest* request,
                                         v1::ExaminePartsResponse* response) override;

 private:
  // The display name of the calling administrator.
  absl::StatusOr<std::string> Admin(const grpc::CallbackServerContext& context) const;
  absl::Status CheckReader(const grpc::CallbackServerContext& context) const;

  ResourceHub& hub_;
  PartExamination& examination_;
  rpc::CallerVerifier& callers_;
  ThreadPool& pool_;
};

}  // namespace countersign::policy::resources
