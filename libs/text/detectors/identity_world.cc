#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

const regex::ByteSet kBeside = kWordOrDash | kWordOrDot;

bool IsCpf(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 11 || AllEqual(digits)) return false;
  const int first = WeightedSum(digits, {10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  const int second = WeightedSum(digits, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  return first == digits[9] - '0' && second == digits[10] - '0';
}

// Letters since July 2026: a character counts as its ASCII code less 48.
bool IsCnpj(absl::string_view match) {
  const std::string number = AlnumUpperOf(match);
  if (number.size() != 14 || AllEqual(number)) return false;
  for (const std::size_t size : {12, 13}) {
    int sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      sum += (number[i] - '0') * static_cast<int>((size - 1 - i) % 8 + 2);
    }
    const int check = sum % 11 < 2 ? 0 : 11 - sum % 11;
    if (check != number[size] - '0') return false;
  }
  return true;
}

// The check digit is random in numbers given since October 2020.
bool IsKoreanNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() == 13 &&
         IsShortDate(NumberAt(digits, 0, 2), NumberAt(digits, 2, 2), NumberAt(digits, 4, 2));
}

bool IsTurkishNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 11 || digits[0] == '0') return false;
  const int tenth = WeightedSum(digits, {7, -1, 7, -1, 7, -1, 7, -1, 7});
  const int sum = WeightedSum(digits, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  return (tenth % 10 + 10) % 10 == digits[9] - '0' && sum % 10 == digits[10] - '0';
}

bool IsThaiNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 13 || digits[0] == '0' || digits[0] == '9') return false;
  const int sum = WeightedSum(digits, {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2});
  return (11 - sum % 11) % 10 == digits[12] - '0';
}

bool IsChineseNumber(absl::string_view match) {
  const std::string number = AlnumUpperOf(match);
  return number.size() == 18 &&
         IsDate(NumberAt(number, 6, 4), NumberAt(number, 10, 2), NumberAt(number, 12, 2)) &&
         NumberAt(number, 6, 2) >= 18 && NumberAt(number, 6, 2) <= 20 && PassesMod11_2(number);
}

bool IsCurp(absl::string_view match) {
  constexpr absl::string_view kAlphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ";  // & for Ñ
  if (!IsShortDate(NumberAt(match, 4, 2), NumberAt(match, 6, 2), NumberAt(match, 8, 2)))
    return false;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 17; ++i) sum += kAlphabet.find(match[i]) * (18 - i);
  return static_cast<int>((10 - sum % 10) % 10) == match[17] - '0';
}

bool IsNpi(absl::string_view match) { return PassesLuhn("80840" + std::string(match)); }

bool IsDea(absl::string_view match) {
  const int sum = WeightedSum(match.substr(2), {1, 2, 1, 2, 1, 2});
  return sum % 10 == match[8] - '0';
}

// ISO 3779 with the check digit of 49 CFR 565.
bool IsVin(absl::string_view match) {
  constexpr absl::string_view kLetters = "ABCDEFGHJKLMNPRSTUVWXYZ";
  constexpr absl::string_view kValues = "12345678123457923456789";
  constexpr std::array<int, 17> kWeights = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  int sum = 0;
  int letters = 0;
  for (std::size_t i = 0; i < match.size(); ++i) {
    const std::size_t letter =
        kLetters.find(absl::ascii_toupper(static_cast<unsigned char>(match[i])));
    const bool is_letter = letter != absl::string_view::npos;
    if (is_letter) ++letters;
    sum += kWeights[i] * ((is_letter ? kValues[letter] : match[i]) - '0');
  }
  const char check = absl::ascii_toupper(static_cast<unsigned char>(match[8]));
  return letters >= 2 && letters <= 12 && (sum % 11 == 10 ? 'X' : '0' + sum % 11) == check;
}

bool HasLettersAndDigits(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() >= 4 && digits.size() < match.size();
}

bool IsImei(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() == 15 && !AllEqual(digits) && PassesLuhn(digits);
}

bool IsIccid(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return (digits.size() == 19 || digits.size() == 20) && PassesLuhn(digits);
}

Detector Shape(const char* entity, const char* pattern, Check check, const char* words,
               const char* source, std::vector<std::string> found,
               std::vector<std::string> missed) {
  return {.entity = entity,
          .pattern = pattern,
          .left_forbidden = kBeside,
          .right_forbidden = kWordOrDash,
          .check = std::move(check),
          .priority = 12,
          .context = Near(words),
          .source = source,
          .found = std::move(found),
          .missed = std::move(missed)};
}

std::vector<Detector> Brazilian() {
  const Check cpf{"br_cpf", IsCpf};
  const Check cnpj{"br_cnpj", IsCnpj};
  return {
      Shape("br_cpf", R"(\d{3}\.\d{3}\.\d{3}-\d{2})", cpf, "",
            "Receita Federal, two modulus 11 digits", {"390.533.447-05"},
            {"390.533.447-06", "111.111.111-11"}),
      Shape("br_cpf", R"(\d{9}-?\d{2})", cpf, "cpf", "the same, unseparated",
            {"CPF [[39053344705]]"}, {"39053344705", "CPF 39053344706"}),
      Shape("br_cnpj", R"([0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2})", cnpj, "",
            "Receita Federal; IN RFB 2.229/2024 for letters",
            {"16.727.230/0001-97", "12.ABC.345/01DE-35"}, {"16.727.230/0001-98"}),
      Shape("br_cnpj", R"([0-9A-Z]{12}\d{2})", cnpj, "cnpj", "the same, unseparated",
            {"CNPJ: [[16727230000197]]", "cnpj [[12ABC34501DE35]]"}, {"16727230000197"}),
  };
}

std::vector<Detector> Asian(absl::string_view country) {
  if (country == "kr") {
    return {Shape("kr_rrn", R"(\d{6}-\d{7})", {"kr_rrn", IsKoreanNumber}, "",
                  "Resident Registration Act: date, century and sex", {"971013-1019902"},
                  {"971313-1019902"}),
            Shape("kr_rrn", R"(\d{13})", {"kr_rrn", IsKoreanNumber},
                  "rrn 주민등록번호 주민번호 resident", "the same, unseparated",
                  {"RRN [[9710131019902]]"}, {"9710131019902"})};
  }
  if (country == "tr") {
    return {Shape("tr_tckn", R"([1-9]\d{10})", {"tr_tckn", IsTurkishNumber}, "tckn tc kimlik t_c",
                  "Nüfus ve Vatandaşlık İşleri: two check digits",
                  {"TC Kimlik No: [[17291716060]]"}, {"17291716060", "TCKN 17291716061"})};
  }
  if (country == "th") {
    return {Shape("th_national_id", R"(\d[ -]\d{4}[ -]\d{5}[ -]\d{2}[ -]\d)",
                  {"th_national_id", IsThaiNumber}, "",
                  "Department of Provincial Administration: modulus 11",
                  {"1-2345-45678-78-1", "3 1006 00445 63 5"}, {"1-2345-45678-78-2"}),
            Shape("th_national_id", R"(\d{13})", {"th_national_id", IsThaiNumber},
                  "thai thailand บัตรประชาชน เลขบัตรประชาชน เลขประจำตัวประชาชน national_id citizen",
                  "the same, unseparated", {"Thai ID [[3100600445635]]"}, {"3100600445635"})};
  }
  return {Shape("cn_resident_id", R"([1-8]\d{16}[\dXx])", {"cn_resident_id", IsChineseNumber}, "",
                "GB 11643-1999: date and ISO 7064 mod 11-2",
                {"360426199101010071", "11010519491231002X"},
                {"360426199101010072", "360426199113010071"})};
}

std::vector<Detector> Mexican() {
  return {Shape("mx_curp", R"((?i)[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d)",
                {"mx_curp", InAnyCase<IsCurp>}, "", "RENAPO, Instructivo normativo CURP",
                {"BOXW310820HNERXN09", "boxw310820hnerxn09"},
                {"BOXW310820HNERXN08", "BOXW311320HNERXN09"})};
}

std::vector<Detector> AmericanHealth() {
  return {
      Shape("us_npi", R"([12]\d{9})", {"us_npi", IsNpi}, "npi provider prescriber physician",
            "CMS, NPI check digit: Luhn with the prefix 80840", {"NPI: [[1234567893]]"},
            {"1234567893", "NPI 1234567894"}),
      Shape("us_mbi",
            R"([1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?)"
            R"([AC-HJKMNP-RT-Y]{2}\d{2})",
            {}, "", "CMS, Medicare beneficiary identifier format", {"1EG4-TE5-MK73", "1EG4TE5MK73"},
            {"1EG4-TE5-MS73", "0EG4TE5MK73"}),
      Shape("us_dea", R"((?i)[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7})", {"us_dea", InAnyCase<IsDea>},
            "dea prescriber registration controlled", "DEA, registration number check digit",
            {"DEA: [[AB1234563]]"}, {"AB1234563", "DEA AB1234564"}),
  };
}

std::vector<Detector> Devices() {
  std::vector<Detector> all = {
      Shape("vin", "[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8}", {"vin", IsVin}, "",
            "ISO 3779; 49 CFR 565", {"1HGCM82633A004352", "1M8GDM9AXKP042788"},
            {"1HGCM82633A004353", "11111111111111111"}),
      Shape("vin", "(?i)[A-HJ-NPR-Z0-9]{17}", {"letters_and_digits", HasLettersAndDigits},
            "vin chassis fahrgestellnummer vehicle fin", "ISO 3779, where no check digit is used",
            {"VIN [[WVWZZZ1JZ3W386752]]"}, {"WVWZZZ1JZ3W386752"}),
      Shape("imei", R"(\d{2}[- ]\d{6}[- ]\d{6}[- ]\d)", {"imei", IsImei}, "",
            "3GPP TS 23.003: Luhn", {"49-015420-323751-8", "35 209900 176148 1"},
            {"49-015420-323751-9"}),
      Shape("imei", R"(\d{15})", {"imei", IsImei}, "imei imei1 imei2 device handset",
            "the same, unseparated", {"IMEI: [[490154203237518]]"}, {"490154203237518"}),
      Shape("iccid", R"(89\d{2}(?:[ -]?\d{4}){3}[ -]?\d{3,4})", {"iccid", IsIccid}, "",
            "ITU-T E.118: Luhn", {"8944500102198304826", "8944 5001 0219 8304 826"},
            {"8944500102198304827", "8844500102198304826"}),
  };
  all[1].context_always = true;  // any word of 17 letters and digits
  return all;
}

}  // namespace

std::vector<Detector> WorldDetectors() {
  std::vector<Detector> all;
  AppendPack("us", AmericanHealth(), all);
  AppendPack("br", Brazilian(), all);
  AppendPack("mx", Mexican(), all);
  for (const char* country : {"kr", "tr", "th", "cn"}) AppendPack(country, Asian(country), all);
  AppendPack("devices", Devices(), all);
  return all;
}

}  // namespace countersign::text::detectors
