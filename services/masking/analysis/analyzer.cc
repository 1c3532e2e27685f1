#include "services/masking/analysis/analyzer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace countersign::masking::analysis {
namespace {

bool CutsCharacter(const std::string& text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

absl::Status Rubbish(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the analyzer's answer has ", what));
}

}  // namespace

absl::Status CheckFindings(const AnalyzerRequest& request, const std::vector<Finding>& findings) {
  std::vector<std::size_t> counts(request.texts.size());
  for (const Finding& finding : findings) {
    if (finding.text >= request.texts.size()) return Rubbish("a text that was not sent");
    const std::string& text = request.texts[finding.text];
    if (finding.begin >= finding.end || finding.end > text.size()) {
      return Rubbish("a span that is not in its text");
    }
    if (CutsCharacter(text, finding.begin) || CutsCharacter(text, finding.end)) {
      return Rubbish("a span that cuts a character");
    }
    const auto& wanted = request.entities;
    if (std::find(wanted.begin(), wanted.end(), finding.entity) == wanted.end()) {
      return Rubbish("an entity that was not asked for");
    }
    if (!(finding.score >= 0 && finding.score <= 1)) return Rubbish("a score outside of 0 to 1");
    if (++counts[finding.text] > kMostFindings) return Rubbish("too many findings in one text");
  }
  return absl::OkStatus();
}

}  // namespace countersign::masking::analysis
