#pragma once

#include <string>

#include "services/approval/reviews/review.h"

// The `detail` member of each kind of transition, as JSON; the same in every store.
namespace countersign::approval::store {

std::string OpenedDetail(const reviews::NewReview& call);
std::string VoteDetail(const reviews::Vote& vote);
std::string UseDetail(const std::string& session_id);
std::string ReasonDetail(const std::string& reason);
inline constexpr char kExpiredDetail[] = "{}";
inline constexpr char kSystemActor[] = "countersign";

}  // namespace countersign::approval::store
