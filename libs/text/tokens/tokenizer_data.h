#pragma once

#include <string>

#include "absl/strings/string_view.h"

// The files of libs/text/tokens/data, which are part of the binary.
namespace countersign::text::tokens {

enum class TokenizerData { kO200kRanks, kCl100kRanks, kLlama3MoreRanks, kUnicodeClasses };

// The decompressed file. It was checked when the binary was built, so a failure ends the process.
std::string ReadTokenizerData(TokenizerData file);

}  // namespace countersign::text::tokens
