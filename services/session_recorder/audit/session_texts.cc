#include "services/session_recorder/audit/session_texts.h"

#include "libs/base/status.h"
#include "libs/domain/event_payload.h"
#include "services/session_recorder/chain/chain.h"

namespace countersign::session_recorder::audit {
namespace {

constexpr std::size_t kBatchBytes = 4u << 20;  // of events, read at once
constexpr std::size_t kEventsAtOnce = 1000, kEventBytesAtOnce = 1u << 20;

}  // namespace

absl::Status SessionTexts::LoadBatch(std::size_t place) {
  const std::vector<SessionRow> rest(rows_.begin() + static_cast<std::ptrdiff_t>(place),
                                     rows_.end());
  CS_ASSIGN_OR_RETURN(batch_, store_.WholeSessions(rest, kBatchBytes));
  batch_begin_ = place;
  return absl::OkStatus();
}

// False when `use` wants no more. What was answered is added to `answer`.
absl::StatusOr<bool> SessionTexts::Add(const SessionRow& row, const SecretString& key,
                                       const std::vector<SealedEvent>& events, AnswerText& answer,
                                       const Use& use) {
  for (const SealedEvent& event : events) {
    bytes_ += event.sealed.size();
    const bool is_request = event.type == domain::event_type::kRequest;
    if (!is_request && event.type != domain::event_type::kResponseData) continue;
    CS_ASSIGN_OR_RETURN(const std::string payload, chain::OpenPayload(key, row.id, event));
    if (is_request) {
      CS_ASSIGN_OR_RETURN(const domain::RequestRecord request, domain::ReadRequestPayload(payload));
      for (const std::string& part : request.texts) {
        if (!use(part)) return false;
      }
    } else {
      CS_ASSIGN_OR_RETURN(const std::string piece, domain::ReadResponseDataPayload(payload));
      answer.Add(piece);
    }
  }
  return true;
}

absl::Status SessionTexts::ForEach(std::size_t place, const SecretString& data_key,
                                   const Use& use) {
  const SessionRow& row = rows_[place];
  if (place >= batch_begin_ + batch_.size()) CS_RETURN_IF_ERROR(LoadBatch(place));
  AnswerText answer;
  bool more = true;
  if (place < batch_begin_ + batch_.size()) {
    CS_ASSIGN_OR_RETURN(more, Add(row, data_key, batch_[place - batch_begin_], answer, use));
  } else {
    for (std::uint32_t after = 0; more && after < row.head.index;) {
      CS_ASSIGN_OR_RETURN(const auto events,
                          store_.Events(row, after, kEventsAtOnce, kEventBytesAtOnce));
      if (events.empty()) break;
      after = events.back().index;
      CS_ASSIGN_OR_RETURN(more, Add(row, data_key, events, answer, use));
    }
  }
  if (more) answer.ForEach(use);
  return absl::OkStatus();
}

}  // namespace countersign::session_recorder::audit
