#pragma once

#include <string>

#include "services/approval/review.h"

// The `detail` of each kind of line in the transition log, as JSON, the same in every store.
namespace countersign::approval {

std::string OpenedDetail(const NewReview& call);
std::string VoteDetail(const Vote& vote);
std::string UseDetail(const std::string& session_id);
std::string ReasonDetail(const std::string& reason);
inline constexpr char kExpiredDetail[] = "{}";
inline constexpr char kSystemActor[] = "countersign";

}  // namespace countersign::approval
