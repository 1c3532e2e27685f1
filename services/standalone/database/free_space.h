#pragma once

#include <cstdint>
#include <string>

#include "libs/base/health_check.h"

namespace countersign::standalone::database {

// One segment of PostgreSQL's write-ahead log. With less space commits will soon fail.
inline constexpr std::uint64_t kLeastFreeBytes = 16u << 20;

// PostgreSQL keeps its log before it is shortened: with less somebody should make room.
inline constexpr std::uint64_t kLowBytes = std::uint64_t{2} << 30;

// "" when the disk of `folder` has `least` bytes free for users, otherwise what is missing.
std::string DescribeLackOfSpace(const std::string& folder, std::uint64_t least = kLeastFreeBytes);

// The same as a check, with a warning before it is too late.
HealthCheck ExamineSpace(const std::string& folder, std::uint64_t warn_below = kLowBytes);

}  // namespace countersign::standalone::database
