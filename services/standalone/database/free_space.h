#pragma once

#include <cstdint>
#include <string>

namespace countersign::standalone::database {

// One segment of PostgreSQL's write-ahead log: with less it soon cannot commit.
inline constexpr std::uint64_t kLeastFreeBytes = 16u << 20;

// "" when the disk of `folder` has `least` bytes for others than root, else what is missing.
std::string DescribeLackOfSpace(const std::string& folder, std::uint64_t least = kLeastFreeBytes);

}  // namespace countersign::standalone::database
