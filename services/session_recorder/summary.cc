#include "services/session_recorder/summary.h"

#include "absl/strings/str_replace.h"
#include "libs/base/status.h"

namespace countersign::session_recorder {

namespace event_type = domain::event_type;

namespace {

// Text for a column: short enough for an index, and without NUL, which PostgreSQL cannot store. The
// event keeps the full text.
std::string Column(std::string text) {
  constexpr std::size_t kMaxBytes = 512;
  if (text.size() > kMaxBytes) {
    std::size_t end = kMaxBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
  }
  return absl::StrReplaceAll(text, {{absl::string_view("\0", 1), "\xef\xbf\xbd"}});
}

}  // namespace

void Summarize(const domain::RequestRecord& request, SessionSummary& summary) {
  summary.request_id = Column(request.request_id);
  summary.identity = Column(request.principal.DisplayName());
  summary.issuer = Column(request.principal.issuer);
  summary.subject = Column(request.principal.subject);
  summary.connection = Column(request.connection);
  summary.model = Column(request.model);
  summary.operation = Column(request.operation);
  summary.stream = request.stream;
}

namespace {

bool IsOfReview(absl::string_view type) {
  return type == event_type::kReviewWaiting || type == event_type::kReviewApproved ||
         type == event_type::kReviewDenied || type == event_type::kReviewExpired ||
         type == event_type::kReviewRevoked || type == event_type::kReviewConsumed;
}

}  // namespace

bool IsSummarized(absl::string_view type) {
  return type == event_type::kRequest || type == event_type::kDecision || IsOfReview(type) ||
         type == event_type::kEnd;
}

absl::Status Summarize(absl::string_view type, absl::string_view payload, SessionSummary& summary) {
  if (type == event_type::kRequest) {
    CS_ASSIGN_OR_RETURN(const domain::RequestRecord request, domain::ReadRequestPayload(payload));
    Summarize(request, summary);
  } else if (type == event_type::kDecision) {
    CS_ASSIGN_OR_RETURN(domain::DecisionRecord decision, domain::ReadDecisionPayload(payload));
    summary.policy = Column(std::move(decision.policy));
  } else if (IsOfReview(type)) {
    CS_ASSIGN_OR_RETURN(domain::ReviewRecord review, domain::ReadReviewPayload(payload));
    summary.review_id = Column(std::move(review.review_id));
    summary.approvers.clear();
    for (std::string& approver : review.approvers) {
      summary.approvers.push_back(Column(std::move(approver)));
    }
  } else if (type == event_type::kEnd) {
    CS_ASSIGN_OR_RETURN(domain::SessionEnd end, domain::ReadEndPayload(payload));
    end.code = Column(std::move(end.code));
    summary.end = std::move(end);
  }
  return absl::OkStatus();
}

}  // namespace countersign::session_recorder
