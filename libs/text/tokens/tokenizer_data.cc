#include "libs/text/tokens/tokenizer_data.h"

#include <zstd.h>

#include <cstdio>
#include <cstdlib>

// CS_TEXT_DATA is the path of libs/text/tokens/data, defined by the build for this file only.
#define CS_EMBED(symbol, file)                                                                     \
  asm(".pushsection .rodata." #symbol                                                              \
      ",\"a\",@progbits\n"                                                                         \
      ".global " #symbol "_begin\n.hidden " #symbol                                                \
      "_begin\n"                                                                                   \
      ".global " #symbol "_end\n.hidden " #symbol "_end\n" #symbol                                 \
      "_begin:\n.incbin \"" CS_TEXT_DATA "/" file "\"\n" #symbol "_end:\n.byte 0\n.popsection\n"); \
  extern "C" const char symbol##_begin[];                                                          \
  extern "C" const char symbol##_end[]

CS_EMBED(cs_o200k_ranks, "o200k_base.ranks.zst");
CS_EMBED(cs_cl100k_ranks, "cl100k_base.ranks.zst");
CS_EMBED(cs_llama3_more_ranks, "llama3.more.ranks.zst");
CS_EMBED(cs_unicode_classes, "unicode16.classes.zst");

namespace countersign::text::tokens {
namespace {

absl::string_view Embedded(TokenizerData file) {
  const auto view = [](const char* begin, const char* end) {
    return absl::string_view(begin, static_cast<std::size_t>(end - begin));
  };
  switch (file) {
    case TokenizerData::kO200kRanks: return view(cs_o200k_ranks_begin, cs_o200k_ranks_end);
    case TokenizerData::kCl100kRanks: return view(cs_cl100k_ranks_begin, cs_cl100k_ranks_end);
    case TokenizerData::kLlama3MoreRanks:
      return view(cs_llama3_more_ranks_begin, cs_llama3_more_ranks_end);
    case TokenizerData::kUnicodeClasses:
      return view(cs_unicode_classes_begin, cs_unicode_classes_end);
  }
  std::abort();
}

}  // namespace

std::string ReadTokenizerData(TokenizerData file) {
  const absl::string_view packed = Embedded(file);
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size != ZSTD_CONTENTSIZE_ERROR && size != ZSTD_CONTENTSIZE_UNKNOWN) {
    std::string plain(size, '\0');
    if (ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size()) == size) {
      return plain;
    }
  }
  std::fputs("the tokenizer data inside this program is damaged\n", stderr);
  std::abort();
}

}  // namespace countersign::text::tokens
