#pragma once

#include "libs/dialects/dialect.h"

namespace countersign::dialects::kserve {

// KServe's V2 protocol (Open Inference Protocol). Over gRPC: inference.GRPCInferenceService, with
// Triton's ModelStreamInfer. Over REST: /v2, with Triton's binary data and its generate extension.
// Calls that control the server, and tensors in shared memory, are refused.
class KserveDialect final : public Dialect {
 public:
  absl::string_view name() const override { return "kserve-v2"; }
  absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const override;
  std::optional<RpcRequest> FindRpc(const domain::Connection& connection,
                                    absl::string_view path) const override;
  std::string FormatRpcFailure(absl::string_view request, absl::string_view failure) const override;
  AnswerFormat ClassifyAnswer(const AnswerHead& head) const override;
  std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                           const AnswerOptions& options) const override;
  std::string FormatError(const CallerError& error) const override;
  std::string FormatErrorEvent(const CallerError& error) const override;
  std::optional<std::string> ErrorBodyToEvent(absl::string_view body) const override;
  std::string FormatKeepAlive() const override;
  absl::string_view stream_content_type() const override;
};

}  // namespace countersign::dialects::kserve
