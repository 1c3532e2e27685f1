#pragma once

#include <cstdint>
#include <string>

namespace countersign::standalone::database {

// One segment of PostgreSQL's write-ahead log. With less space commits will soon fail.
inline constexpr std::uint64_t kLeastFreeBytes = 16u << 20;

// "" when the disk of `folder` has `least` bytes free for users, otherwise what is missing.
std::string DescribeLackOfSpace(const std::string& folder, std::uint64_t least = kLeastFreeBytes);

}  // namespace countersign::standalone::database
