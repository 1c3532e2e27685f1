#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/masking/analysis/analyzer.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::masking::analysis {

// An analyzer that speaks countersign.analyzer.v1. Destruction cancels outstanding requests, and
// returns when all were answered.
class GrpcAnalyzer final : public Analyzer {
 public:
  explicit GrpcAnalyzer(const std::shared_ptr<grpc::Channel>& channel);
  ~GrpcAnalyzer() override;

  void Analyze(AnalyzerRequest request, absl::Time deadline,
               domain::Done<std::vector<Finding>> done) override;

 private:
  struct Client;
  std::unique_ptr<Client> client_;
};

// A channel to `target`, "HOST:PORT": with `tls` the server's certificate must be of `authority`, a
// PEM file (empty: the system's CAs), and have its name. FAILED_PRECONDITION when the file cannot
// be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeAnalyzerChannel(const std::string& target,
                                                                   bool tls,
                                                                   const std::string& authority);

}  // namespace countersign::masking::analysis
