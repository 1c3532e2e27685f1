#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

// The same separator twice. Spaces stand in any table of numbers, so they need context.
constexpr char kSsnPattern[] = R"(\d{3}(?:-\d{2}-|\.\d{2}\.)\d{4})";
constexpr char kSpacedSsnPattern[] = R"(\d{3} \d{2} \d{4})";

constexpr char kSsnWords[] =
    "ssn ssns ss soc_sec social security socialsecurity socialsecuritynumber itin tin taxpayer tax "
    "irs "
    "identification identity id number employee patient applicant beneficiary";

bool IsSocialSecurityNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 9 || AllEqual(digits)) return false;
  // Printed in wallets, forms and advertisements, hence void.
  if (digits == "078051120" || digits == "219099999") return false;
  const int area = NumberAt(digits, 0, 3);
  return area != 0 && area != 666 && area < 900 && NumberAt(digits, 3, 2) != 0 &&
         NumberAt(digits, 5, 4) != 0;
}

bool IsTaxpayerNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 9 || digits[0] != '9') return false;
  const int group = NumberAt(digits, 3, 2);
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) ||
         (group >= 90 && group <= 92) || (group >= 94 && group <= 99);
}

}  // namespace

std::vector<Detector> IdentityUsDetectors() {
  const Check ssn{"us_ssn", IsSocialSecurityNumber};
  const Check itin{"us_itin", IsTaxpayerNumber};
  return {
      {.entity = "us_ssn",
       .pattern = kSsnPattern,
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = ssn,
       .priority = 20,
       .source = "Social Security Administration, POMS RM 10201.030 and RM 10210",
       .found = {"123-45-6789", "536-90-4399", "536.90.4399", "899-99-9999", "001-01-0001"},
       .missed = {"000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000",
                  "111-11-1111", "078-05-1120", "219-09-9999", "123-45.6789", "123-45-67890",
                  "1123-45-6789", "123456789", "12-123-45-6789"}},
      {.entity = "us_ssn",
       .pattern = kSpacedSsnPattern,
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = ssn,
       .priority = 20,
       .context = Near(kSsnWords),
       .source = "the same, with spaces",
       .found = {"SSN [[536 90 4399]]", "My social security number is [[536 90 4399]]"},
       .missed = {"12 536 90 4399 7", "SSN 000 12 3456"}},
      {.entity = "us_ssn",
       .pattern = R"(\d{9})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = ssn,
       .priority = 20,
       .context = Near(
           "ssn ssns social socialsecurity socialsecuritynumber ss soc_sec tax_id tin taxpayer"),
       .context_always = true,
       .source = "the same, unseparated",
       .found = {"SSN: [[536904399]]", "social security number [[536904399]]"},
       .missed = {"536904399", "SSN: 000123456"}},
      {.entity = "us_itin",
       .pattern = kSsnPattern,
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = itin,
       .priority = 20,
       .source = "Internal Revenue Service, publication 1915 and IRM 3.21.263",
       .found = {"900-70-0000", "999-88-1234"},
       .missed = {"900-89-0000", "123-70-0000", "900700000"}},
      {.entity = "us_itin",
       .pattern = kSpacedSsnPattern,
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = itin,
       .priority = 20,
       .context = Near(kSsnWords),
       .source = "the same, with spaces",
       .found = {"ITIN [[912 92 1234]]"},
       .missed = {"912 92 1234", "ITIN 900 89 0000"}},
      {.entity = "us_itin",
       .pattern = R"(\d{9})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = itin,
       .priority = 20,
       .context = Near("itin taxpayer tin"),
       .context_always = true,
       .source = "the same, unseparated",
       .found = {"ITIN [[900700000]]"},
       .missed = {"900700000", "ITIN 900890000"}},
  };
}

}  // namespace countersign::text::detectors
