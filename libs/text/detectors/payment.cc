#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/payment_checks.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text {
namespace {

// Card numbers whose first `width` digits lie in [low, high] have one of the lengths in the mask
// (bit n: n digits).
struct Brand {
  std::size_t width;
  int low, high;
  unsigned lengths;
};

constexpr unsigned Lengths(unsigned from, unsigned to) {
  unsigned mask = 0;
  for (unsigned n = from; n <= to; ++n) mask |= 1u << n;
  return mask;
}

constexpr std::array kBrands = {
    Brand{1, 4, 4, Lengths(13, 13) | Lengths(16, 16) | Lengths(18, 19)},  // Visa
    Brand{2, 51, 55, Lengths(16, 16)},                                    // Mastercard
    Brand{4, 2221, 2720, Lengths(16, 16)},                                // Mastercard
    Brand{2, 34, 34, Lengths(15, 15)},                                    // American Express
    Brand{2, 37, 37, Lengths(15, 15)},                                    // American Express
    Brand{4, 6011, 6011, Lengths(16, 19)},                                // Discover
    Brand{3, 644, 649, Lengths(16, 19)},                                  // Discover
    Brand{2, 65, 65, Lengths(16, 19)},                                    // Discover, RuPay
    Brand{3, 300, 305, Lengths(14, 19)},                                  // Diners Club
    Brand{4, 3095, 3095, Lengths(14, 19)},                                // Diners Club
    Brand{2, 36, 36, Lengths(14, 19)},                                    // Diners Club
    Brand{2, 38, 39, Lengths(14, 19)},                                    // Diners Club
    Brand{2, 35, 35, Lengths(16, 16)},                                    // JCB
    Brand{4, 3528, 3589, Lengths(16, 19)},                                // JCB
    Brand{4, 604, 604, Lengths(12, 19)},                                  // Maestro
    Brand{4, 2131, 2131, Lengths(15, 15)},                                // JCB
    Brand{4, 1800, 1800, Lengths(15, 15)},                                // JCB
    Brand{2, 62, 62, Lengths(16, 19)},                                    // UnionPay
    Brand{2, 81, 82, Lengths(16, 16)},                                    // UnionPay, RuPay
    Brand{2, 60, 60, Lengths(16, 16)},                                    // RuPay
    Brand{3, 508, 508, Lengths(16, 16)},                                  // RuPay
    Brand{2, 50, 50, Lengths(12, 19)},                                    // Maestro
    Brand{2, 56, 58, Lengths(12, 19)},                                    // Maestro
    Brand{2, 63, 63, Lengths(12, 19)},                                    // Maestro
    Brand{2, 67, 67, Lengths(12, 19)},                                    // Maestro
    Brand{4, 2200, 2204, Lengths(16, 19)},                                // Mir
    Brand{4, 9792, 9792, Lengths(16, 16)},                                // Troy
    Brand{6, 506099, 506198, Lengths(16, 19)},                            // Verve
    Brand{6, 650002, 650027, Lengths(16, 19)},                            // Verve
    Brand{6, 636297, 636297, Lengths(16, 16)},                            // Elo
    Brand{4, 6062, 6062, Lengths(13, 19)},                                // Hipercard
    Brand{4, 6364, 6364, Lengths(16, 16)},                                // Elo, Hipercard
    Brand{4, 9860, 9860, Lengths(16, 16)},                                // Uzcard, Humo
    Brand{4, 8600, 8600, Lengths(16, 16)},                                // Uzcard
    Brand{3, 353, 356, Lengths(16, 19)},                                  // JCB, RuPay
};

// Cards are written as one run, digit by digit, or in groups of at least four. Anything else is a
// row of numbers.
bool GroupedAsCard(absl::string_view match) {
  std::size_t group = 0;
  std::size_t groups = 0;
  std::size_t single = 0;
  bool narrow = false;  // a group under four digits before the last
  for (std::size_t i = 0; i <= match.size(); ++i) {
    if (i < match.size() && absl::ascii_isdigit(static_cast<unsigned char>(match[i]))) {
      ++group;
      continue;
    }
    if (group == 0) continue;
    ++groups;
    if (group == 1) ++single;
    if (group < 4 && i < match.size()) narrow = true;
    group = 0;
  }
  return !narrow || single == groups;
}

// IBAN Registry, release 97 (SWIFT): length by country.
const std::map<std::string, std::size_t>& IbanLengths() {
  static const auto* const lengths = new std::map<std::string, std::size_t>{
      {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
      {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22},
      {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20},
      {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22},
      {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21},
      {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30},
      {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
      {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
      {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
      {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22},
      {"RU", 33}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24},
      {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26},
      {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30}};
  return *lengths;
}

// Countries whose account numbers are digits alone.
bool HasDigitsOnly(absl::string_view country) {
  static const auto* const countries = new std::set<absl::string_view>{
      "AE", "AT", "BA", "BE", "CR", "CZ", "DE", "DK", "EE", "EG", "ES", "FI",
      "FO", "GL", "HR", "HU", "IL", "IS", "LT", "LY", "ME", "MN", "MR", "NO",
      "PL", "PT", "RS", "SD", "SE", "SI", "SK", "SO", "TL", "TN", "VA", "XK"};
  return countries->contains(country);
}

// ISO 3166-1 alpha-2, and XK.
bool IsCountry(absl::string_view code) {
  constexpr absl::string_view kCodes =
      " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
      "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
      "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
      "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
      "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
      "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
      "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
      "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
      "VN VU WF WS XK YE YT ZA ZM ZW ";
  return absl::StrContains(kCodes, absl::StrCat(" ", code, " "));
}

// By country and its length, so that text is held back no further than an account could reach.
std::string IbanPattern() {
  std::map<std::size_t, std::map<char, std::string>> by_length;  // length → first → second letters
  for (const auto& [country, length] : IbanLengths()) by_length[length][country[0]] += country[1];
  std::vector<std::string> lengths;
  for (const auto& [length, letters] : by_length) {
    std::vector<std::string> countries;
    for (const auto& [first, seconds] : letters) {
      countries.push_back(absl::StrCat(std::string(1, first), "[", seconds, "]"));
    }
    lengths.push_back(absl::StrCat("(?:", absl::StrJoin(countries, "|"),
                                   ")[ -]?\\d[ -]?\\d(?:[ -]?[A-Z0-9]){", length - 4, "}"));
  }
  return absl::StrCat("(?i)", absl::StrJoin(lengths, "|"));
}

// Lengths of the cards whose numbers begin with two digits.
unsigned LengthsOf(int prefix) {
  unsigned lengths = 0;
  for (const Brand& brand : kBrands) {
    int low = brand.low;
    int high = brand.high;
    for (std::size_t width = brand.width; width > 2; --width) {
      low /= 10;
      high /= 10;
    }
    const int digits = brand.width == 1 ? prefix / 10 : prefix;
    if (low <= digits && digits <= high) lengths |= brand.lengths;
  }
  return lengths;
}

// Two digits that cards begin with, and as many more as those may have, each after `between`: what
// begins like no card is not held back. Only lengths in the mask `allowed`.
std::string CardPattern(absl::string_view between, unsigned allowed) {
  std::map<unsigned, std::map<char, std::string>> by_lengths;  // → first digit → second digits
  for (int prefix = 0; prefix < 100; ++prefix) {
    const unsigned lengths = LengthsOf(prefix) & allowed;
    if (lengths == 0) continue;
    by_lengths[lengths][static_cast<char>('0' + prefix / 10)] += absl::StrCat(prefix % 10);
  }
  std::vector<std::string> shapes;
  for (const auto& [lengths, prefixes] : by_lengths) {
    std::vector<std::string> begins;
    for (const auto& [first, seconds] : prefixes) {
      begins.push_back(absl::StrCat(std::string(1, first), between, "[", seconds, "]"));
    }
    std::string rest;
    for (unsigned size = 20; size-- > 2;) {
      if ((lengths >> size & 1) == 0) continue;
      unsigned shorter = size - 1;
      while (shorter > 2 && (lengths >> shorter & 1) == 0) --shorter;
      rest = absl::StrCat("(?:", between, "\\d){", size - shorter, "}", rest);
      if (shorter > 2) rest = absl::StrCat("(?:", rest, ")?");
    }
    shapes.push_back(absl::StrCat("(?:", absl::StrJoin(begins, "|"), ")", rest));
  }
  return absl::StrJoin(shapes, "|");
}

}  // namespace

bool IsPaymentCard(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() < 12 || digits.size() > 19 || !GroupedAsCard(match) || !PassesLuhn(digits)) {
    return false;
  }
  return std::any_of(kBrands.begin(), kBrands.end(), [&](const Brand& brand) {
    const int prefix = NumberAt(digits, 0, brand.width);
    return prefix >= brand.low && prefix <= brand.high && (brand.lengths >> digits.size() & 1) != 0;
  });
}

bool IsIban(absl::string_view match) {
  const std::string account = AlnumUpperOf(match);
  const auto length = IbanLengths().find(account.substr(0, 2));
  if (length == IbanLengths().end() || length->second != account.size()) return false;
  const std::size_t digits = DigitsOf(account).size();
  const bool plausible =
      HasDigitsOnly(length->first) ? digits + 2 == account.size() : digits * 4 >= account.size();
  return plausible && PassesIbanMod97(account);
}

bool IsRoutingNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 9 || AllEqual(digits)) return false;
  const int bank = NumberAt(digits, 0, 2);
  const bool known = (bank >= 1 && bank <= 12) || (bank >= 21 && bank <= 32) ||
                     (bank >= 61 && bank <= 72) || bank == 80;
  return known && WeightedSum(digits, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0;
}

bool IsBankIdentifier(absl::string_view match) {
  return (match.size() == 8 || match.size() == 11) && IsCountry(match.substr(4, 2));
}

std::vector<Detector> PaymentDetectors() {
  const Check card{"card", IsPaymentCard};
  const std::string grouped_card = CardPattern("[ -]?", ~0u);
  const Check routing{"aba", IsRoutingNumber};
  const Check bic{"bic", IsBankIdentifier};
  return {
      {.entity = "credit_card",
       .pattern = grouped_card,
       .left_forbidden = kWordOrDot | kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = card,
       .priority = 30,
       .source = "ISO/IEC 7812; number ranges published by the card schemes",
       .found = {"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111",
                 "4222222222222",    "5555555555554444",    "2223003122003222",
                 "378282246310005",  "3782 822463 10005",   "6011111111111117",
                 "30569309025904",   "3056 930902 5904",    "3530111333300000",
                 "6200000000000005", "6759649826438453",    "676770000005",
                 "2200000000000004", "4000000000000000006", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
                 "6062828888666688", "9792030394440796"},
       .missed = {"4111111111111112", "1234567812345670", "0000000000000000", "41111111111111111",
                  "x4111111111111111", "4111111111111111_", "4111  1111  1111  1111",
                  "9999 9999 9999 9995", "0.4111111111111111", "41 11 11 11 11 11 11 11",
                  "1700000000000", "1700000000123456789", "8a2e2b40-4111-1111-1111-1111"}},
      {.entity = "credit_card",
       .pattern = CardPattern("", Lengths(13, 19)),
       .left_forbidden = kWordOrDot,
       .check = card,
       .priority = 30,
       .source = "the same in one run, beside a dash or a minus",
       .found = {"-[[4111111111111111]]", "x-[[378282246310005]]-y"},
       .missed = {"-4111111111111112", "-676770000005", "0.4111111111111111"}},
      {.entity = "credit_card",
       .pattern = grouped_card,
       .check = card,
       .priority = 30,
       .context = Near("card visa mastercard amex maestro pan"),
       .context_always = true,
       .source = "the same, after a full stop or beside a dash",
       .found = {"Visa no.[[4111111111111111]]", "card-[[4111-1111-1111-1111]]-x"},
       .missed = {"0.4111111111111111"}},
      {.entity = "iban",
       .pattern = IbanPattern(),
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = {"iban", IsIban},
       .priority = 30,
       .source = "ISO 13616; IBAN Registry, release 97",
       .found = {"GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819",
                 "gb29 nwbk 6016 1331 9268 19", "DE89-3704-0044-0532-0130-00", "NO9386011117947",
                 "MT84MALT011000012345MTLCAST001S", "FR14 2004 1010 0505 0001 3M02 606",
                 "CH93 0076 2011 6238 5295 7", "DE 89 3704 0044 0532 0130 00"},
       .missed = {"GB28 NWBK 6016 1331 9268 19", "GB29 NWBK 6016 1331 9268 1",
                  "ZZ29NWBK60161331926819", "XGB29NWBK60161331926819",
                  "DE89 3704 0044 0532 013A 00"}},
      {.entity = "aba_routing",
       .pattern = R"(\d{9}|\d{4}-\d{4}-\d)",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = routing,
       .priority = 15,
       .context = Near("routing aba rtn transit fedwire ach wire"),
       .source = "American Bankers Association, routing number policy",
       .found = {"routing number: [[021000021]]", "ABA [[0110-0001-5]]", "aba_rtn=[[322271627]]"},
       .missed = {"021000021", "routing number 021000022", "order 021000021"}},
      {.entity = "swift_code",
       .pattern = "[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?",
       .left_forbidden = kWordOrDash,
       .right_forbidden = kWordOrDash,
       .check = bic,
       .priority = 15,
       .context = Near("swift bic bank beneficiary iban"),
       .source = "ISO 9362",
       .found = {"SWIFT: [[DEUTDEFF]]", "BIC code [[NEDSZAJJXXX]]", "bic=[[CHASUS33]]"},
       .missed = {"DEUTDEFF", "BIC: ABCDZZ22", "SWIFT is fast and safe"}},
  };
}

}  // namespace countersign::text
