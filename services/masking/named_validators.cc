#include "services/masking/named_validators.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/text/edit_distance.h"
#include "libs/text/validators/check_digits.h"
#include "libs/text/validators/payment.h"

namespace countersign::masking {
namespace {

namespace validators = text::validators;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Whether it has at least two digits and no letters.
bool IsNumber(const std::string& significant) {
  return significant.size() >= 2 && std::all_of(significant.begin(), significant.end(), IsDigit);
}

template <bool (*passes)(absl::string_view)>
bool IsNumberThat(absl::string_view text) {
  return IsNumber(validators::KeepAlnumUpper(text)) && passes(text);
}

bool PassesGs1(absl::string_view text) {
  const std::string digits = validators::KeepDigits(text);
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    sum += (digits[digits.size() - 1 - i] - '0') * (i % 2 == 0 ? 1 : 3);
  }
  return sum % 10 == 0;
}

bool IsMod11(absl::string_view text) {
  const std::string value = validators::KeepAlnumUpper(text);
  if (value.size() < 2) return false;
  int sum = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[value.size() - 1 - i];
    if (!IsDigit(c) && !(c == 'X' && i == 0)) return false;
    sum += (c == 'X' ? 10 : c - '0') * static_cast<int>((i + 1) % 11);
  }
  return sum % 11 == 0;
}

bool IsMod97(absl::string_view text) {
  return validators::KeepAlnumUpper(text).size() >= 3 && validators::PassesMod97(text);
}

bool HasEntropy(absl::string_view text) {
  const auto is_letter = [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); };
  return std::any_of(text.begin(), text.end(), is_letter) &&
         std::any_of(text.begin(), text.end(), IsDigit) && validators::Entropy(text) >= 3;
}

using Test = bool (*)(absl::string_view);

const std::map<std::string, Test, std::less<>>& Tests() {
  static const auto& tests = *new std::map<std::string, Test, std::less<>>{
      {"luhn", IsNumberThat<validators::PassesLuhn>},
      {"gs1", IsNumberThat<PassesGs1>},
      {"verhoeff", IsNumberThat<validators::PassesVerhoeff>},
      {"damm", IsNumberThat<validators::PassesDamm>},
      {"mod11", IsMod11},
      {"mod11_10", IsNumberThat<validators::PassesMod11_10>},
      {"mod97", IsMod97},
      {"iban", validators::IsIban},
      {"entropy", HasEntropy},
      {"credit_card", validators::IsPaymentCard}};
  return tests;
}

}  // namespace

absl::StatusOr<text::redaction::Validator> FindValidator(absl::string_view name) {
  const auto found = Tests().find(name);
  if (found != Tests().end()) return text::redaction::Validator(found->second);
  std::vector<std::string> known;
  for (const auto& [validator, test] : Tests()) known.push_back(validator);
  const std::string meant = ProbablyMeant(name, known);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown validator '", name, "'; ",
      meant.empty() ? "there are " : absl::StrCat("did you mean ", meant, "? There are "),
      absl::StrJoin(known, ", ")));
}

}  // namespace countersign::masking
