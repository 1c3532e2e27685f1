#pragma once

#include <cstddef>
#include <string>

#include "libs/base/secret.h"

namespace countersign::crypto {

inline constexpr std::size_t kBlockBytes = 16;

// A keyed pseudo-random permutation of every block: AES-256 of each, the same for equal blocks. For
// many short hashes under one key; it does not hide which blocks are equal, and is no encryption of
// a text. REQUIRES: a key of 32 bytes, and whole blocks.
std::string PermuteBlocks(const SecretString& key, const std::string& blocks);

}  // namespace countersign::crypto
