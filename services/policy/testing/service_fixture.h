#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>

#include "libs/domain/principal.h"
#include "libs/rpc/caller.h"

// In-process gRPC services, and their callers.
namespace countersign::policy {

// Accepts the tokens "admin", "admin-of-openai", "auditor", "auditor-of-openai" and "caller".
class FakeCallers final : public rpc::CallerVerifier {
 public:
  FakeCallers() {
    Add("admin", {domain::Role::kAdmin, {}});
    Add("admin-of-openai", {domain::Role::kAdmin, {"openai"}});
    Add("auditor", {domain::Role::kAuditor, {}});
    Add("auditor-of-openai", {domain::Role::kAuditor, {"openai"}});
    Add("caller", {domain::Role::kCaller, {}});
  }
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    const auto found = principals_.find(std::string(token));
    if (found == principals_.end()) return absl::UnauthenticatedError("forged");
    return found->second;
  }

 private:
  void Add(const std::string& name, domain::RoleGrant grant) {
    auto principal = std::make_shared<domain::Principal>();
    principal->issuer = "countersign";
    principal->subject = name;
    principal->identity = name;
    principal->roles = {std::move(grant)};
    principals_[name] = std::move(principal);
  }
  std::map<std::string, std::shared_ptr<const domain::Principal>> principals_;
};

class InProcessServer {
 public:
  explicit InProcessServer(std::initializer_list<grpc::Service*> services) {
    grpc::ServerBuilder builder;
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }
  ~InProcessServer() { server_->Shutdown(); }
  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel({}); }

 private:
  std::unique_ptr<grpc::Server> server_;
};

inline std::unique_ptr<grpc::ClientContext> As(const std::string& token) {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!token.empty()) context->AddMetadata(rpc::kInternalTokenKey, token);
  return context;
}

}  // namespace countersign::policy
