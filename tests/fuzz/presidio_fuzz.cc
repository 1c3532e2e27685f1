// An answer of Presidio: whatever it is, it is refused, or its findings are spans of the texts that
// cut no character. Input: one byte, the answer.

#include "services/masking/analysis/analyzer_presidio.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {

void Run(Input input) {
  using masking::analysis::AnalyzerRequest;
  static const AnalyzerRequest kRequests[] = {
      {{"Zo\u00EB Lee met J. Smith", "\u5F20\u4F1F", "a"}, "en", {"person"}},
      {{"\U0001D41Ann"}, "en", {"person", "location"}}};
  const AnalyzerRequest& request = kRequests[input.Byte() % 2];
  const absl::string_view answer = input.Rest();
  const auto findings = masking::analysis::ReadPresidioAnswer(request, answer);
  if (!findings.ok() || !CheckFindings(request, *findings).ok()) return;
  for (const masking::analysis::Finding& finding : *findings) {
    const std::string& text = request.texts[finding.text];
    Require(finding.begin < finding.end && finding.end <= text.size(), "a span leaves its text",
            answer);
    for (const std::size_t at : {finding.begin, finding.end}) {
      Require(at == text.size() || (text[at] & 0xC0) != 0x80, "a span cuts a character", answer);
    }
  }
}

}  // namespace countersign::fuzz
