#include "tests/bench/holders.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::bench {
namespace {

// Bytes held after each chunk.
std::vector<std::size_t> HeldBy(const text::detectors::Detector& detector, const std::string& text,
                                const std::vector<std::size_t>& ends) {
  text::redaction::RedactionStream stream(
      text::redaction::RuleSet::Compile({text::detectors::ToRule(detector)}).value());
  std::vector<std::size_t> held;
  std::string out;
  std::vector<text::redaction::RedactedSpan> spans;
  std::size_t at = 0;
  for (const std::size_t end : ends) {
    out.clear();
    const absl::string_view piece = absl::string_view(text).substr(at, end - at);
    if (!stream.Feed(piece, false, &out, &spans).ok()) break;
    held.push_back(stream.held());
    at = end;
  }
  held.resize(ends.size());
  return held;
}

}  // namespace

std::vector<Holder> FindHolders(const std::vector<const text::detectors::Detector*>& detectors,
                                const std::string& text, const std::vector<std::size_t>& ends) {
  std::vector<std::vector<std::size_t>> held;
  std::vector<std::size_t> rules(ends.size());  // number of holding rules, by chunk
  for (const text::detectors::Detector* detector : detectors) {
    held.push_back(HeldBy(*detector, text, ends));
    for (std::size_t i = 0; i < ends.size(); ++i) rules[i] += held.back()[i] > 0 ? 1 : 0;
  }
  std::vector<Holder> holders;
  const double percent = 100.0 / static_cast<double>(std::max<std::size_t>(ends.size(), 1));
  for (std::size_t rule = 0; rule < detectors.size(); ++rule) {
    std::size_t chunks = 0;
    std::size_t alone = 0;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (held[rule][i] == 0) continue;
      ++chunks;
      bytes += held[rule][i];
      if (rules[i] == 1) ++alone;
    }
    if (chunks == 0) continue;
    holders.push_back(
        {absl::StrCat(detectors[rule]->entity, " ", detectors[rule]->pattern.substr(0, 32)),
         percent * static_cast<double>(chunks), percent * static_cast<double>(alone),
         static_cast<double>(bytes) / static_cast<double>(chunks)});
  }
  std::sort(holders.begin(), holders.end(),
            [](const Holder& a, const Holder& b) { return a.chunks > b.chunks; });
  return holders;
}

}  // namespace countersign::bench
