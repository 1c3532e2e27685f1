#pragma once

#include <string>

#include "services/approval/reviews/review.h"

// The `detail` member of each kind of transition, as JSON; the same in every store.
namespace countersign::approval::store {

// All frozen fields of the review, and the session that opened it.
std::string OpenedDetail(const reviews::ReviewSubject& review, const std::string& session_id);
// The whole vote except its time, which is the line's.
std::string VoteDetail(const reviews::Vote& vote);
std::string UseDetail(const std::string& session_id);
std::string ReasonDetail(const std::string& reason);
inline constexpr char kExpiredDetail[] = "{}";
inline constexpr char kSystemActor[] = "countersign";

}  // namespace countersign::approval::store
