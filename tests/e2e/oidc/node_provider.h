#pragma once

#include <string>

namespace countersign::e2e {

// provider.mjs running under the pinned Node; stops with the object. A failed start fails the test.
class NodeProvider {
 public:
  NodeProvider();
  ~NodeProvider();
  NodeProvider(const NodeProvider&) = delete;
  NodeProvider& operator=(const NodeProvider&) = delete;

  const std::string& issuer() const { return issuer_; }
  const std::string& client_id() const { return client_id_; }
  const std::string& client_secret() const { return client_secret_; }
  const std::string& audience() const { return audience_; }

  void Stop();  // Idempotent.

 private:
  int stdin_ = -1;  // the provider serves until this is closed
  int pid_ = -1;
  std::string issuer_, client_id_, client_secret_, audience_;
};

}  // namespace countersign::e2e
