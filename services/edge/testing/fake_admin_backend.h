#pragma once

#include <mutex>
#include <vector>

#include "libs/clients/testing/answers.h"
#include "services/edge/admin/admin_backend.h"

namespace countersign::edge::testing {

// Answers as scripted, {"ok":true} by default, and keeps what it was asked. Thread-safe.
class FakeAdminBackend final : public admin::AdminBackend {
 public:
  clients::Answers<admin::AdminReply> reply{[] {
    return admin::AdminReply{200, R"({"ok":true})"};
  }};

  void Forward(admin::AdminRequest request, domain::Done<admin::AdminReply> done) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(std::move(request));
    }
    reply.Give(std::move(done));
  }

  std::vector<admin::AdminRequest> requests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<admin::AdminRequest> requests_;
};

}  // namespace countersign::edge::testing
