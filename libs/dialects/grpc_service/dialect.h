#pragma once

#include "libs/dialects/dialect.h"

namespace countersign::dialects::grpc_service {

// Any gRPC service, by the schema of its connection.
class GrpcServiceDialect final : public Dialect {
 public:
  absl::string_view name() const override { return "grpc"; }
  absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const override;
  std::optional<RpcRequest> FindRpc(const domain::Connection& connection,
                                    absl::string_view path) const override;
  AnswerFormat ClassifyAnswer(const AnswerHead&) const override {
    return AnswerFormat::kEventStream;
  }
  std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                           const AnswerOptions& options) const override;
  std::string FormatError(const CallerError& error) const override;
  // Failures are trailers.
  std::string FormatErrorEvent(const CallerError&) const override { return ""; }
  std::optional<std::string> ErrorBodyToEvent(absl::string_view) const override {
    return std::nullopt;
  }
  std::string FormatKeepAlive() const override { return ""; }
  absl::string_view stream_content_type() const override { return "application/grpc"; }
};

}  // namespace countersign::dialects::grpc_service
