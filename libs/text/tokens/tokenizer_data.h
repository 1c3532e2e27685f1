#pragma once

#include <string>

#include "absl/strings/string_view.h"

// The files of libs/text/tokens/data, which are embedded in the binary.
namespace countersign::text::tokens {

enum class TokenizerData { kO200kRanks, kCl100kRanks, kLlama3MoreRanks, kUnicodeClasses };

// The decompressed file. It was checked at build time, so a failure aborts the process.
std::string ReadTokenizerData(TokenizerData file);

}  // namespace countersign::text::tokens
