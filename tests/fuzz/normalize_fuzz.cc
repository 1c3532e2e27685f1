// A text in every form is UTF-8, and every range of it maps to its original. Input: text.

#include "libs/text/unicode/normalize.h"

#include "libs/base/utf8.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {

void Run(Input input) {
  absl::string_view text = input.Rest();
  while (!IsUtf8(text)) text.remove_suffix(1);
  for (const text::unicode::Form form :
       {text::unicode::Form::kSpaced, text::unicode::Form::kCaseless,
        text::unicode::Form::kCompatible, text::unicode::Form::kFolded,
        text::unicode::Form::kSkeleton}) {
    const text::unicode::NormalizedText normalized =
        text::unicode::Normalizer::For(form).Apply(text);
    const std::string& made = normalized.text();
    Require(IsUtf8(made), "no UTF-8", made);
    std::size_t last_begin = 0, last_end = 0;
    for (std::size_t at = 0; at < made.size(); ++at) {
      const text::unicode::OriginalSpan span = normalized.Original(at, at + 1);
      Require(span.begin < span.end && span.end <= text.size(), "a stretch of nothing", made);
      Require(span.begin >= last_begin && span.end >= last_end, "out of order", made);
      last_begin = span.begin;
      last_end = span.end;
    }
    if (made.empty()) continue;
    const text::unicode::OriginalSpan all = normalized.Original(0, made.size());
    Require(all.end == last_end, "the whole ends elsewhere", made);
  }
}

}  // namespace countersign::fuzz
