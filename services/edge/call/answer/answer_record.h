#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/edge/call/admission/admitted_request.h"
#include "services/edge/call/answer/masked_answer.h"

namespace countersign::edge::call::answer {

// What one answer leaves behind on its session's record and in the metrics.
class AnswerRecord {
 public:
  AnswerRecord(const CallContext& context, const request::ReadRequest& read,
               const admission::AdmittedRequest& admitted, admission::Session& session)
      : context_(context), read_(read), admitted_(admitted), session_(session) {}

  // Queues the head that the caller gets.
  void AddHead(int status, const dialects::HeaderList& headers);

  // Queues the pieces and gives their bytes, as they go to the caller.
  std::string Add(std::vector<dialects::Delivery> pieces);

  // Makes what was added durable, as far as the policy's recording asks for it now. A refusal when
  // it cannot be.
  async::Awaitable<std::optional<Refusal>> Append();

  // Makes what was added, and the session's end, durable. Nothing may follow.
  async::Awaitable<std::optional<Refusal>> End(const dialects::Usage& usage, bool upstream_failed);

  // To be called before bytes leave: the first time is counted.
  void NoteFirstByte();

  domain::Outcome outcome() const { return outcome_; }  // once End has succeeded

 private:
  const CallContext& context_;
  const request::ReadRequest& read_;
  const admission::AdmittedRequest& admitted_;
  admission::Session& session_;
  domain::Outcome outcome_ = domain::Outcome::kAborted;
  bool first_ = true;
};

}  // namespace countersign::edge::call::answer
