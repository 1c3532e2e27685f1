#pragma once

#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/clients/testing/answers.h"
#include "services/edge/admin/admin_backend.h"

namespace countersign::edge::testing {

// Answers as scripted, by default {"ok":true}, and records its requests. Thread-safe.
class FakeAdminBackend final : public admin::AdminBackend {
 public:
  clients::Answers<admin::AdminReply> reply{[] {
    return admin::AdminReply{200, R"({"ok":true})"};
  }};

  void Forward(admin::AdminRequest request, domain::Done<admin::AdminReply> done) override {
    {
      const MutexLock lock(mutex_);
      requests_.push_back(std::move(request));
    }
    reply.Give(std::move(done));
  }

  std::string document;  // before the first request
  absl::string_view api_document() const override { return document; }

  std::vector<admin::AdminRequest> requests() const {
    const MutexLock lock(mutex_);
    return requests_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<admin::AdminRequest> requests_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::edge::testing
