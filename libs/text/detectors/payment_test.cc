#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "libs/text/detectors/detectors.h"
#include "libs/text/validators/check_digits.h"
#include "libs/text/validators/payment.h"

namespace countersign::text::detectors {
namespace {

std::string WithCheckDigit(std::string digits) {
  digits += '0';
  while (!validators::PassesLuhn(digits)) ++digits.back();
  return digits;
}

std::string InGroups(const std::string& digits, std::size_t size, char separator) {
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % size == 0) grouped += separator;
    grouped += digits[i];
  }
  return grouped;
}

// The pattern includes the first digits; the validator alone decides what a card is.
TEST_CASE("credit_card: the pattern matches every valid card number", "[detectors]") {
  const std::vector<const Detector*> detectors = FindDetectors("credit_card").value();
  std::vector<redaction::RedactionRule> rules;
  for (const Detector* detector : detectors) rules.push_back(ToRule(*detector));
  const auto compiled = redaction::RuleSet::Compile(std::move(rules));
  REQUIRE(compiled.ok());
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  std::size_t cards = 0;
  for (int prefix = 0; prefix < 10000; ++prefix) {
    std::string digits = std::to_string(10000 + prefix).substr(1);
    const std::size_t size = 12 + random() % 8;
    while (digits.size() + 1 < size) digits += static_cast<char>('0' + random() % 10);
    digits = WithCheckDigit(digits);
    const bool is_card = validators::IsPaymentCard(digits);
    if (is_card) ++cards;
    for (const std::string& text :
         {digits, InGroups(digits, 4, ' '), InGroups(digits, 4, '-'), InGroups(digits, 1, ' ')}) {
      // Grouping matters; a part of a text that is not a card may be one.
      if (text != digits && (!is_card || !validators::IsPaymentCard(text))) continue;
      INFO("seed " << seed << ": " << text);
      const auto redacted = redaction::RedactWhole(*compiled, text);
      REQUIRE(redacted.ok());
      CHECK((redacted->text == "<CREDIT_CARD>") == is_card);
    }
  }
  CHECK(cards > 500);
}

}  // namespace
}  // namespace countersign::text::detectors
