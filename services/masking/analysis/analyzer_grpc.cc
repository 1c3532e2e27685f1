#include "services/masking/analysis/analyzer_grpc.h"

#include <utility>

#include "countersign/analyzer/v1/analyzer.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/clients/unary_client.h"
#include "libs/config/text_file.h"
#include "libs/rpc/channel.h"

namespace countersign::masking::analysis {

namespace v1 = countersign::analyzer::v1;

struct GrpcAnalyzer::Client : clients::UnaryClient<v1::AnalyzerService> {
  using UnaryClient::UnaryClient;
};

GrpcAnalyzer::GrpcAnalyzer(const std::shared_ptr<grpc::Channel>& channel)
    : client_(std::make_unique<Client>(channel)) {}
GrpcAnalyzer::~GrpcAnalyzer() = default;

void GrpcAnalyzer::Analyze(AnalyzerRequest request, absl::Time deadline,
                           domain::Done<std::vector<Finding>> done) {
  v1::AnalyzeRequest proto;
  for (std::string& text : request.texts) proto.add_texts(std::move(text));
  proto.set_language(std::move(request.language));
  for (std::string& entity : request.entities) proto.add_entities(std::move(entity));
  const auto convert = [](v1::AnalyzeResponse response) {
    std::vector<Finding> findings;
    findings.reserve(static_cast<std::size_t>(response.findings_size()));
    for (v1::Finding& each : *response.mutable_findings()) {
      findings.push_back(
          {each.text(), each.begin(), each.end(), std::move(*each.mutable_entity()), each.score()});
    }
    return findings;
  };
  client_->Call(&Client::Async::Analyze, {nullptr, deadline}, std::move(proto), convert,
                std::move(done));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeAnalyzerChannel(const std::string& target,
                                                                   bool tls,
                                                                   const std::string& authority) {
  if (!tls) return rpc::MakeChannel(target, grpc::InsecureChannelCredentials());
  grpc::SslCredentialsOptions options;
  if (!authority.empty()) {
    const absl::StatusOr<std::string> pem = config::ReadFile(authority);
    if (!pem.ok()) return absl::FailedPreconditionError(pem.status().message());
    options.pem_root_certs = *pem;
  }
  return rpc::MakeChannel(target, grpc::SslCredentials(options));
}

}  // namespace countersign::masking::analysis
