#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/edge/call/admission/admitted_request.h"
#include "services/edge/call/answer/masked_answer.h"
#include "services/edge/call/answer/output_tokens.h"

namespace countersign::edge::call::answer {

// Records one answer in its session and in the metrics.
class AnswerRecord {
 public:
  AnswerRecord(const CallContext& context, const request::ReadRequest& read,
               const admission::AdmittedRequest& admitted, admission::Session& session)
      : context_(context),
        read_(read),
        admitted_(admitted),
        session_(session),
        output_(read.connection(), read.prompt()->model) {}

  // Queues the head of the caller's answer.
  void AddHead(int status, const dialects::HeaderList& headers);

  // Queues the pieces and returns their bytes as the caller gets them. `unanalyzed`: the analyzers
  // that have not looked at them.
  std::string Add(std::vector<dialects::Delivery> pieces, const domain::Unanalyzed& unanalyzed);

  // Makes the added pieces durable, as far as the policy's recording mode requires. A refusal on
  // failure.
  async::Awaitable<std::optional<Refusal>> Append();

  // Makes the added pieces and the session's end durable. The last call. A refusal on failure.
  async::Awaitable<std::optional<Refusal>> End(const dialects::Usage& usage, bool upstream_failed);

  // What the answer has cost so far: as the upstream reports it, else the prompt's tokens as policy
  // counted them, and those of the answer's texts that were added.
  TokenCounts CountTokens(const dialects::Usage& usage) const;

  // Call it before bytes are sent; counts the first time.
  void NoteFirstByte();

  domain::Outcome outcome() const { return outcome_; }  // after End has succeeded

 private:
  const CallContext& context_;
  const request::ReadRequest& read_;
  const admission::AdmittedRequest& admitted_;
  admission::Session& session_;
  OutputTokens output_;
  domain::Outcome outcome_ = domain::Outcome::kAborted;
  bool first_ = true;
};

}  // namespace countersign::edge::call::answer
