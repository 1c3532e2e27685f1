#include "services/edge/call/answer/answer_record.h"

#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/domain/event_payload.h"

namespace countersign::edge::call::answer {
namespace {

// The bytes of a piece, then its trailers as text.
std::string ToPayload(const dialects::Delivery& piece, const domain::Unanalyzed& unanalyzed) {
  if (piece.trailers.empty()) {
    return domain::ResponseDataPayload(piece.bytes, piece.masked, unanalyzed);
  }
  std::string record = piece.bytes;
  for (const auto& [name, value] : piece.trailers) {
    absl::StrAppend(&record, name, ": ", value, "\r\n");
  }
  return domain::ResponseDataPayload(record, piece.masked, unanalyzed);
}

}  // namespace

void AnswerRecord::AddHead(int status, const dialects::HeaderList& headers) {
  session_.Queue(domain::event_type::kResponseHead, domain::ResponseHeadPayload(status, headers));
}

std::string AnswerRecord::Add(std::vector<dialects::Delivery> pieces,
                              const domain::Unanalyzed& unanalyzed) {
  std::string bytes;
  for (dialects::Delivery& piece : pieces) {
    if (context_.observer != nullptr) context_.observer->OnPiece(piece);
    if (piece.recorded) {
      session_.Queue(domain::event_type::kResponseData, ToPayload(piece, unanalyzed));
    }
    output_.Add(piece.output);
    for (const domain::DeliveredSpan& masked : piece.masked) {
      // A copy of a text has the matches of that text, which were counted there.
      if (absl::StartsWith(masked.field, domain::kProbePrefix)) continue;
      session_.CountMasked(masked.span.entity);
    }
    if (bytes.empty()) {
      bytes = std::move(piece.bytes);
    } else {
      absl::StrAppend(&bytes, piece.bytes);
    }
  }
  return bytes;
}

async::Awaitable<std::optional<Refusal>> AnswerRecord::Append() {
  const absl::Status recorded = co_await session_.Append(admitted_.decision().recording);
  if (!recorded.ok()) co_return RefuseForPart(recorded, "session recorder");
  co_return std::nullopt;
}

async::Awaitable<std::optional<Refusal>> AnswerRecord::End(const dialects::Usage& usage,
                                                           bool upstream_failed) {
  domain::SessionEnd end;
  end.outcome = upstream_failed ? domain::Outcome::kUpstreamError : domain::Outcome::kCompleted;
  if (upstream_failed) end.code = "upstream_error";
  const TokenCounts tokens = CountTokens(usage);
  end.input_tokens = tokens.input;
  end.output_tokens = tokens.output;
  const absl::Status ended = co_await session_.End(end);
  if (!ended.ok()) co_return RefuseForPart(ended, "session recorder");
  outcome_ = end.outcome;
  context_.services.metrics.Tokens(read_.connection().name, end.input_tokens, end.output_tokens);
  co_return std::nullopt;
}

TokenCounts AnswerRecord::CountTokens(const dialects::Usage& usage) const {
  if (usage.known) return {usage.input_tokens, usage.output_tokens};
  return {static_cast<std::uint32_t>(admitted_.decision().prompt_tokens), output_.Count()};
}

void AnswerRecord::NoteFirstByte() {
  if (!std::exchange(first_, false)) return;
  context_.services.metrics.FirstByte(context_.services.clock.Now() - context_.arrived);
}

}  // namespace countersign::edge::call::answer
