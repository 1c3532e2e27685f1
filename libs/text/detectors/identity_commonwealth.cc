#include <array>

#include "absl/strings/match.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

bool IsNhsNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 10 || AllEqual(digits)) return false;
  const int check = 11 - WeightedSum(digits, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return check != 10 && check % 11 == digits[9] - '0';
}

// The prefixes that are never issued: HMRC NIM39110.
bool IsNino(absl::string_view match) {
  const std::string number = AlnumUpperOf(match);
  if (number.size() != 9) return false;
  const absl::string_view prefix = absl::string_view(number).substr(0, 2);
  for (const absl::string_view unused : {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}) {
    if (prefix == unused) return false;
  }
  return !absl::StrContains("DFIQUV", prefix.substr(0, 1)) &&
         !absl::StrContains("DFIOQUV", prefix.substr(1, 1));
}

bool IsUtr(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 10) return false;
  const int sum = WeightedSum(absl::string_view(digits).substr(1), {6, 7, 8, 9, 10, 5, 4, 3, 2});
  return "21987654321"[sum % 11] == digits[0];
}

bool IsSin(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() == 9 && digits[0] != '0' && digits[0] != '8' && PassesLuhn(digits);
}

bool IsTfn(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() == 8) return WeightedSum(digits, {10, 7, 8, 4, 6, 3, 5, 1}) % 11 == 0;
  return digits.size() == 9 && !AllEqual(digits) &&
         WeightedSum(digits, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0;
}

bool IsAbn(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 11 || digits[0] == '0') return false;
  return (WeightedSum(digits, {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19}) - 10) % 89 == 0;
}

bool IsAcn(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 9 || AllEqual(digits)) return false;
  const int sum = WeightedSum(digits, {8, 7, 6, 5, 4, 3, 2, 1});
  return (10 - sum % 10) % 10 == digits[8] - '0';
}

bool IsMedicare(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return (digits.size() == 10 || digits.size() == 11) && digits[0] >= '2' && digits[0] <= '6' &&
         WeightedSum(digits, {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == digits[8] - '0';
}

bool IsAadhaar(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() == 12 && digits[0] >= '2' &&
         digits != std::string(digits.rbegin(), digits.rend()) && PassesVerhoeff(digits);
}

bool IsPan(absl::string_view match) { return match.substr(5, 4) != "0000"; }

bool IsGstin(absl::string_view match) {
  constexpr absl::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const int state = NumberAt(match, 0, 2);
  if (state < 1 || (state > 38 && state != 97 && state != 99)) return false;
  std::size_t sum = 0;  // Luhn's scheme in base 36
  for (std::size_t i = 0; i < match.size(); ++i) {
    const std::size_t value = kAlphabet.find(match[i]) * (i % 2 == 1 ? 2 : 1);
    sum += value / 36 + value % 36;
  }
  return sum % 36 == 0;
}

bool IsNric(absl::string_view match) {
  const int sum = WeightedSum(match.substr(1), {2, 7, 6, 5, 4, 3, 2});
  const char series = match[0];
  const int offset = series == 'T' || series == 'G' ? 4 : series == 'M' ? 3 : 0;
  const auto rest = static_cast<std::size_t>((sum + offset) % 11);
  const bool citizen = series == 'S' || series == 'T';
  if (series == 'M') return "KLJNPQRTUWX"[10 - rest] == match[8];
  return (citizen ? "JZIHGFEDCBA" : "XWUTRQPNMLK")[rest] == match[8];
}

// Date of birth, citizenship and Luhn's digit.
bool IsSouthAfricanId(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() == 13 && digits[10] <= '2' &&
         IsShortDate(NumberAt(digits, 0, 2), NumberAt(digits, 2, 2), NumberAt(digits, 4, 2)) &&
         PassesLuhn(digits);
}

bool IsStrictSouthAfricanId(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return IsSouthAfricanId(digits) && digits[10] <= '1' && digits[11] >= '8';
}

bool IsPps(absl::string_view match) {
  const std::string number = AlnumUpperOf(match);
  int sum = WeightedSum(number, {8, 7, 6, 5, 4, 3, 2});
  if (number.size() == 9 && number[8] != 'W') sum += 9 * (number[8] - 'A' + 1);
  return "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == number[7];
}

bool IsIrd(absl::string_view match) {
  std::string digits = DigitsOf(match);
  const int number = NumberAt(digits, 0, digits.size());
  if (number < 10'000'000 || number > 150'000'000) return false;
  digits.insert(0, 9 - digits.size(), '0');
  int check = (11 - WeightedSum(digits, {3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  if (check == 10) check = (11 - WeightedSum(digits, {7, 4, 3, 2, 5, 2, 7, 6}) % 11) % 11;
  return check == digits[8] - '0';
}

std::vector<Detector> British() {
  return {
      {.entity = "uk_nhs",
       .pattern = R"(\d{3}[ -]?\d{3}[ -]?\d{4})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"uk_nhs", IsNhsNumber},
       .priority = 12,
       .context = Near("nhs nhsno nhsnumber patient"),
       .source = "NHS Data Dictionary, NHS NUMBER",
       .found = {"NHS number: [[943 476 5870]]", "nhs [[943-476-5870]]", "NHS no [[9434765870]]"},
       .missed = {"943 476 5870", "NHS 943 476 5871"}},
      {.entity = "uk_nino",
       .pattern = "[A-Z]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]",
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = {"uk_nino", IsNino},
       .priority = 12,
       .source = "HMRC, National Insurance Manual NIM39110",
       .found = {"AB123456C", "AB 12 34 56 C", "AB-12-34-56-C"},
       .missed = {"BG123456C", "AB123456E", "AO123456C", "XAB123456C"}},
      {.entity = "uk_nino",
       .pattern = "(?i)[A-Z]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]?",
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = {"uk_nino",
                 [](absl::string_view match) {
                   return IsNino(AlnumUpperOf(match).size() == 8 ? std::string(match) + "A"
                                                                 : std::string(match));
                 }},
       .priority = 12,
       .context = Near("nino national_insurance ni_number ni_no insurance"),
       .context_always = true,
       .source = "the same, in any case and without the suffix",
       .found = {"NI number [[ab123456c]]", "nino=[[AB123456]]"},
       .missed = {"ab123456c"}},
      {.entity = "uk_utr",
       .pattern = R"(\d{5} ?\d{5})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"uk_utr", IsUtr},
       .priority = 12,
       .context = Near("utr taxpayer tax hmrc"),
       .source = "HMRC, unique taxpayer references: modulus 11",
       .found = {"UTR: [[1955839661]]", "UTR [[19558 39661]]"},
       .missed = {"1955839661", "UTR 2955839661"}},
  };
}

std::vector<Detector> IrishAndNewZealand() {
  return {
      {.entity = "ie_pps",
       .pattern = R"(\d{7}[A-W][A-IW]?)",
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = {"ie_pps", IsPps},
       .priority = 12,
       .tier = 2,
       .pack = "ie",
       .source = "Revenue Commissioners, PPS number check character",
       .found = {"6433435F", "6433435OA"},
       .missed = {"6433435E", "6433435VH"}},
      {.entity = "nz_ird",
       .pattern = R"(\d{2,3}[ -]?\d{3}[ -]?\d{3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"nz_ird", IsIrd},
       .priority = 12,
       .context = Near("ird inland_revenue tax"),
       .tier = 2,
       .pack = "nz",
       .source = "Inland Revenue, resident withholding tax specification",
       .found = {"IRD [[49-091-850]]", "ird: [[136410132]]"},
       .missed = {"49-091-850", "IRD 49-091-851"}},
  };
}

std::vector<Detector> Canadian() {
  return {
      {.entity = "ca_sin",
       .pattern = R"(\d{3}[ -]?\d{3}[ -]?\d{3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"ca_sin", IsSin},
       .priority = 12,
       .context = Near("sin social_insurance nas assurance_sociale s_i_n"),
       .source = "Service Canada, SIN code of practice",
       .found = {"SIN: [[123-456-782]]", "social insurance number [[123 456 782]]",
                 "sin=[[123456782]]"},
       .missed = {"123-456-782", "SIN 123-456-783", "SIN 046-454-286"}},
  };
}

std::vector<Detector> Australian() {
  return {
      {.entity = "au_tfn",
       .pattern = R"(\d{3}[ -]?\d{3}[ -]?\d{2,3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"au_tfn", IsTfn},
       .priority = 12,
       .context = Near("tfn tax_file taxfile"),
       .source = "Australian Taxation Office, TFN algorithm",
       .found = {"TFN: [[123 456 782]]", "tax file number [[123456782]]"},
       .missed = {"123 456 782", "TFN 123 456 789"}},
      {.entity = "au_abn",
       .pattern = R"(\d{2} \d{3} \d{3} \d{3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"au_abn", IsAbn},
       .priority = 12,
       .source = "Australian Business Register, format of the ABN",
       .found = {"83 914 571 673", "51 824 753 556"},
       .missed = {"83 914 571 674", "51 824 753 557"}},
      {.entity = "au_abn",
       .pattern = R"(\d{11})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"au_abn", IsAbn},
       .priority = 12,
       .context = Near("abn australian_business"),
       .source = "the same, unseparated",
       .found = {"ABN [[83914571673]]"},
       .missed = {"83914571673", "ABN 83914571674"}},
      {.entity = "au_acn",
       .pattern = R"(\d{3} ?\d{3} ?\d{3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"au_acn", IsAcn},
       .priority = 11,
       .context = Near("acn arbn company"),
       .source = "ASIC, Australian Company Number digit check",
       .found = {"ACN [[004 085 616]]", "acn: [[010499966]]"},
       .missed = {"004 085 616", "ACN 004 085 617"}},
      {.entity = "au_medicare",
       .pattern = R"([2-6]\d{3}[ -]?\d{5}[ -]?\d(?:[ /-]?\d)?)",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"au_medicare", IsMedicare},
       .priority = 12,
       .context = Near("medicare irn"),
       .source = "Services Australia, Medicare card number",
       .found = {"Medicare: [[2123 45670 1]]", "medicare card [[2123456701]]"},
       .missed = {"2123 45670 1", "Medicare 2123 45671 1"}},
  };
}

std::vector<Detector> Indian() {
  return {
      {.entity = "in_aadhaar",
       .pattern = R"([2-9]\d{3}[ -]?\d{4}[ -]?\d{4})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"in_aadhaar", IsAadhaar},
       .priority = 12,
       .context = Near("aadhaar aadhar adhaar uidai uid आधार"),
       .source = "UIDAI, Aadhaar number: Verhoeff check",
       .found = {"Aadhaar: [[2341 2341 2346]]", "aadhaar no [[234123412346]]"},
       .missed = {"2341 2341 2346", "Aadhaar 2341 2341 2347", "Aadhaar 1341 2341 2346"}},
      {.entity = "in_pan",
       .pattern = "[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]",
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = {"in_pan", IsPan},
       .priority = 12,
       .source = "Income Tax Department, structure of the PAN",
       .found = {"ACUPA7085R"},
       .missed = {"ACUDA7085R", "ACUPA0000R", "acupa7085r"}},
      {.entity = "in_pan",
       .pattern = "[a-z]{3}[abcfghjlpt][a-z][0-9]{4}[a-z]",
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = {"in_pan", InAnyCase<IsPan>},
       .priority = 12,
       .context = Beside("pan pan_card permanent_account"),
       .context_always = true,
       .source = "the same in lower case, behind its name",
       .found = {"PAN: [[acupa7085r]]", "pan card [[acupa7085r]]"},
       .missed = {"acupa7085r", "pan acuda7085r"}},
      {.entity = "in_gstin",
       .pattern = "[0-9]{2}[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]",
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = {"in_gstin", IsGstin},
       .priority = 13,
       .source = "GST Council, format of the GSTIN",
       .found = {"27AAPFU0939F1ZV"},
       .missed = {"27AAPFU0939F1ZW", "42AAPFU0939F1ZV"}},
  };
}

std::vector<Detector> Singaporean() {
  return {{.entity = "sg_nric",
           .pattern = "(?i)[STFGM][0-9]{7}[A-Z]",
           .left_forbidden = kWordOrDash,
           .right_forbidden = kWordOrDash,
           .check = {"sg_nric", InAnyCase<IsNric>},
           .priority = 12,
           .source = "Immigration and Checkpoints Authority; published check letters",
           .found = {"S1234567D", "T1234567J", "F1234567N", "G1234567X", "M1234567K", "s1234567d"},
           .missed = {"S1234567A", "T1234567D", "A1234567D"}}};
}

std::vector<Detector> SouthAfrican() {
  return {
      {.entity = "za_id",
       .pattern = R"(\d{6} ?\d{4} ?\d{3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"za_id", IsStrictSouthAfricanId},
       .priority = 12,
       .source = "Department of Home Affairs, identity number structure",
       .found = {"7503305044089", "750330 5044 089"},
       .missed = {"7503305044088", "7513305044089", "1715949045123"}},
      {.entity = "za_id",
       .pattern = R"(\d{6} ?\d{4} ?\d{3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"za_id", IsSouthAfricanId},
       .priority = 12,
       .context = Near("id identity rsa sa_id"),
       .source = "the same, with numbers of any series",
       .found = {"RSA ID: [[8001015009087]]"},
       .missed = {"RSA ID: 8001015009088"}},
  };
}

}  // namespace

std::vector<Detector> CommonwealthDetectors() {
  std::vector<Detector> all = IrishAndNewZealand();
  AppendPack("uk", British(), all);
  AppendPack("ca", Canadian(), all);
  AppendPack("au", Australian(), all);
  AppendPack("in", Indian(), all);
  AppendPack("sg", Singaporean(), all);
  AppendPack("za", SouthAfrican(), all);
  return all;
}

}  // namespace countersign::text::detectors
