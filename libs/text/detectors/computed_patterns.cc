#include "libs/text/detectors/computed_patterns.h"

#include <algorithm>
#include <iterator>

#include "libs/text/validators/payment.h"

namespace countersign::text::detectors {
namespace {

std::string GroupedCards() { return validators::CardPattern("[ -]?", 12, 19); }
std::string UngroupedCards() { return validators::CardPattern("", 13, 19); }

constexpr ComputedPattern kPatterns[] = {{"grouped_cards", GroupedCards},
                                         {"ungrouped_cards", UngroupedCards},
                                         {"iban_accounts", validators::IbanPattern}};

}  // namespace

const ComputedPattern* FindComputedPattern(absl::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kPatterns), std::end(kPatterns),
                   [&](const ComputedPattern& pattern) { return pattern.name == name; });
  return found == std::end(kPatterns) ? nullptr : found;
}

}  // namespace countersign::text::detectors
