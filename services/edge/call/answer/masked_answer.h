#pragma once

#include <memory>
#include <vector>

#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::call::answer {

// One upstream's answer, read by its dialect and masked by the call's masking stream: bytes in,
// pieces that may leave out. After a refusal nothing more may leave.
class MaskedAnswer {
 public:
  MaskedAnswer(const CallContext& context, const request::ReadRequest& read,
               const admission::AdmittedRequest& admitted, const UpstreamResponse& response);

  dialects::AnswerFormat format() const { return format_; }

  // The pieces that may be sent after `bytes`, the next bytes of the answer.
  async::Awaitable<Step<std::vector<dialects::Delivery>>> Feed(absl::string_view bytes);

  // The pieces that may be sent after the upstream's complete answer.
  async::Awaitable<Step<std::vector<dialects::Delivery>>> Finish();

  const dialects::Usage& usage() const { return reader_->usage(); }

  // The upstream reported its own failure within the answer, which went on to the caller.
  bool upstream_failed() const { return reader_->upstream_failed(); }

 private:
  using Pieces = std::vector<domain::FieldPiece>;
  using Releases = std::vector<domain::FieldRelease>;

  async::Awaitable<Step<std::vector<dialects::Delivery>>> Mask(absl::StatusOr<Pieces> pieces);
  async::Awaitable<Step<Releases>> AskMasker(Pieces pieces);
  Refusal RefuseUnreadable(const absl::Status& status) const;

  const CallContext& context_;
  const admission::AdmittedRequest& admitted_;
  domain::MaskStream* const masking_;  // null if the profile masks nothing
  dialects::AnswerFormat format_;
  std::unique_ptr<dialects::AnswerReader> reader_;
};

}  // namespace countersign::edge::call::answer
