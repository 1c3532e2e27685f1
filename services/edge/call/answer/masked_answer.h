#pragma once

#include <memory>
#include <vector>

#include "services/edge/call/admission/admitted_request.h"
#include "services/edge/call/answer/credential_masking.h"
#include "services/edge/call/answer/credential_patterns.h"

namespace countersign::edge::call::answer {

// One upstream's answer, read by its dialect and masked by the call's masking stream: bytes in,
// pieces that may leave out. The leased credential is masked in all of them, independent of the
// call's profile. After a refusal nothing more may leave.
class MaskedAnswer {
 public:
  MaskedAnswer(const CallContext& context, const request::ReadRequest& read,
               const admission::AdmittedRequest& admitted, const UpstreamResponse& response);

  dialects::AnswerFormat format() const { return format_; }

  // The pieces that may be sent after `bytes`, the next bytes of the answer.
  async::Awaitable<Step<std::vector<dialects::Delivery>>> Feed(absl::string_view bytes);

  // The pieces that may be sent when the upstream pauses.
  async::Awaitable<Step<std::vector<dialects::Delivery>>> EndTexts() {
    return Mask(reading_->reader->EndTexts());
  }

  // The pieces that may be sent after the upstream's complete answer, with its trailers.
  async::Awaitable<Step<std::vector<dialects::Delivery>>> Finish(
      const dialects::HeaderList& trailers);

  const dialects::Usage& usage() const { return reading_->reader->usage(); }

  std::int64_t next_number() const { return reading_->reader->next_number(); }

  // The upstream reported its own failure within the answer, which went on to the caller.
  bool upstream_failed() const { return reading_->reader->upstream_failed(); }

  // The analyzers that have left out some text of the answer so far.
  const domain::Unanalyzed& unanalyzed() const { return unanalyzed_; }

  // True if the header value contains the leased credential.
  bool HoldsCredential(absl::string_view value) const {
    return reading_->credential.Find(value).has_value();
  }

 private:
  // The state for parsing the answer, on the network thread or off it: one piece of work at a time,
  // which may outlive the call.
  struct Reading {
    explicit Reading(const domain::CredentialLease& lease) : credential(lease) {}
    const CredentialPatterns credential;
    CredentialMasking credential_masking{credential};
    std::shared_ptr<const domain::ResourceSet> resources;  // referenced by the reader
    std::unique_ptr<dialects::AnswerReader> reader;
  };

  using Pieces = std::vector<domain::FieldPiece>;
  using Releases = std::vector<domain::FieldRelease>;

  async::Awaitable<Step<std::vector<dialects::Delivery>>> Mask(absl::StatusOr<Pieces> pieces);
  async::Awaitable<Step<Releases>> AskMasker(Pieces pieces);
  async::Awaitable<Step<std::vector<dialects::Delivery>>> Release(Pieces pieces, Releases releases);
  // The bytes that are read and put together at once.
  std::size_t LargeWork() const {
    return format_ == dialects::AnswerFormat::kDocument ? received_ : message_bytes_;
  }
  Refusal RefuseUnreadable(const absl::Status& status) const;

  const CallContext& context_;
  const admission::AdmittedRequest& admitted_;
  domain::MaskStream* const masking_;  // null if the profile masks nothing
  dialects::AnswerFormat format_;
  const bool rpc_;
  domain::Unanalyzed unanalyzed_;
  std::size_t received_ = 0;       // bytes
  std::size_t message_bytes_ = 0;  // over gRPC, of the messages that may end with the last bytes
  const std::shared_ptr<Reading> reading_;
};

}  // namespace countersign::edge::call::answer
