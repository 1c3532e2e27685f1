#include "libs/text/validators/payment.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {
namespace {

// Card numbers whose first `width` digits are within [low, high] have one of the lengths in the
// mask (bit n: n digits).
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

// Cards are written as one run, digit by digit, in groups of four or multiples of it, or as 4-6-5,
// 4-6-4, 4-5-6, 6-13 and 8-8; other groupings are rows of numbers.
bool GroupedAsCard(absl::string_view match) {
  std::vector<std::size_t> groups;
  std::size_t group = 0;
  for (std::size_t i = 0; i <= match.size(); ++i) {
    if (i < match.size() && absl::ascii_isdigit(static_cast<unsigned char>(match[i]))) {
      ++group;
      continue;
    }
    if (group > 0) groups.push_back(group);
    group = 0;
  }
  const auto single = [](std::size_t size) { return size == 1; };
  if (groups.size() == 1 || std::all_of(groups.begin(), groups.end(), single)) return true;
  if (groups[0] > 4 && groups.size() == 2 && groups[1] >= 4) return true;  // 6-13, 8-8
  if (groups == std::vector<std::size_t>{4, 5, 6}) return true;            // UATP
  if (groups[0] == 4 && groups[1] == 6) {  // American Express, Diners Club
    return groups.size() == 3 && (groups[2] == 4 || groups[2] == 5);
  }
  return std::all_of(groups.begin(), groups.end() - 1,
                     [](std::size_t size) { return size % 4 == 0; }) &&
         groups.back() <= 8;
}

// IBAN Registry, release 97 (SWIFT): the part after the check digits, by country; n for digits, a
// for letters, c for both.
const std::map<std::string, std::string>& IbanStructures() {
  static const auto* const structures = new std::map<std::string, std::string>{
      {"AD", "8n12c"},    {"AE", "19n"},      {"AL", "8n16c"},    {"AT", "16n"},
      {"AZ", "4a20c"},    {"BA", "16n"},      {"BE", "12n"},      {"BG", "4a6n8c"},
      {"BH", "4a14c"},    {"BI", "23n"},      {"BR", "23n1a1c"},  {"BY", "4c4n16c"},
      {"CH", "5n12c"},    {"CR", "18n"},      {"CY", "8n16c"},    {"CZ", "20n"},
      {"DE", "18n"},      {"DJ", "23n"},      {"DK", "14n"},      {"DO", "4c20n"},
      {"EE", "16n"},      {"EG", "25n"},      {"ES", "20n"},      {"FI", "14n"},
      {"FK", "2a12n"},    {"FO", "14n"},      {"FR", "10n11c2n"}, {"GB", "4a14n"},
      {"GE", "2a16n"},    {"GI", "4a15c"},    {"GL", "14n"},      {"GR", "7n16c"},
      {"GT", "24c"},      {"HN", "4a20n"},    {"HR", "17n"},      {"HU", "24n"},
      {"IE", "4a14n"},    {"IL", "19n"},      {"IQ", "4a15n"},    {"IS", "22n"},
      {"IT", "1a10n12c"}, {"JO", "4a4n18c"},  {"KW", "4a22c"},    {"KZ", "3n13c"},
      {"LB", "4n20c"},    {"LC", "4a24c"},    {"LI", "5n12c"},    {"LT", "16n"},
      {"LU", "3n13c"},    {"LV", "4a13c"},    {"LY", "21n"},      {"MC", "10n11c2n"},
      {"MD", "20c"},      {"ME", "18n"},      {"MK", "3n10c2n"},  {"MN", "16n"},
      {"MR", "23n"},      {"MT", "4a5n18c"},  {"MU", "4a19n3a"},  {"NI", "4a20n"},
      {"NL", "4a10n"},    {"NO", "11n"},      {"OM", "3n16c"},    {"PK", "4a16c"},
      {"PL", "24n"},      {"PS", "4a21c"},    {"PT", "21n"},      {"QA", "4a21c"},
      {"RO", "4a16c"},    {"RS", "18n"},      {"RU", "14n15c"},   {"SA", "2n18c"},
      {"SC", "4a20n3a"},  {"SD", "14n"},      {"SE", "20n"},      {"SI", "15n"},
      {"SK", "20n"},      {"SM", "1a10n12c"}, {"SO", "19n"},      {"ST", "21n"},
      {"SV", "4a20n"},    {"TL", "19n"},      {"TN", "20n"},      {"TR", "6n16c"},
      {"UA", "6n19c"},    {"VA", "18n"},      {"VG", "4a16n"},    {"XK", "16n"},
      {"YE", "4a4n18c"}};
  return *structures;
}

// Calls visit(size, kind) for every part of a structure.
template <typename Visit>
void VisitParts(absl::string_view structure, const Visit& visit) {
  std::size_t size = 0;
  for (const char c : structure) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      size = size * 10 + static_cast<std::size_t>(c - '0');
    } else {
      visit(size, c);
      size = 0;
    }
  }
}

std::size_t IbanLength(absl::string_view structure) {
  std::size_t length = 4;
  VisitParts(structure, [&](std::size_t size, char) { length += size; });
  return length;
}

bool HasStructure(absl::string_view account, absl::string_view structure) {
  std::size_t at = 4;
  bool fits = account.size() == IbanLength(structure);
  VisitParts(structure, [&](std::size_t size, char kind) {
    for (const std::size_t end = at + size; fits && at < end; ++at) {
      const auto byte = static_cast<unsigned char>(account[at]);
      fits = kind == 'c' || (kind == 'n' ? absl::ascii_isdigit(byte) : absl::ascii_isupper(byte));
    }
  });
  return fits;
}

// Accepts one run, the printed groups of four, or one run after the first four characters; words of
// a sentence have none of these forms.
bool GroupedAsIban(absl::string_view match) {
  std::size_t group = 0;
  std::size_t gaps = 0;
  for (const char c : match) {
    if (c != ' ' && c != '-') {
      ++group;
    } else if (std::exchange(group, 0) == 4) {
      ++gaps;
    } else {
      return false;
    }
  }
  return gaps <= 1 || group <= 4;
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

// The lengths of cards whose numbers start with these two digits.
unsigned CardLengths(int prefix) {
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

}  // namespace

std::string IbanPattern() {
  std::map<std::size_t, std::map<char, std::string>> by_length;  // length → first → second letters
  for (const auto& [country, structure] : IbanStructures()) {
    by_length[IbanLength(structure)][country[0]] += country[1];
  }
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

std::string CardPattern(absl::string_view separator, unsigned shortest, unsigned longest) {
  const unsigned allowed = Lengths(shortest, longest);
  std::map<unsigned, std::map<char, std::string>> by_lengths;  // → first digit → second digits
  for (int prefix = 0; prefix < 100; ++prefix) {
    const unsigned lengths = CardLengths(prefix) & allowed;
    if (lengths == 0) continue;
    by_lengths[lengths][static_cast<char>('0' + prefix / 10)] += absl::StrCat(prefix % 10);
  }
  std::vector<std::string> shapes;
  for (const auto& [lengths, prefixes] : by_lengths) {
    std::vector<std::string> begins;
    for (const auto& [first, seconds] : prefixes) {
      begins.push_back(absl::StrCat(std::string(1, first), separator, "[", seconds, "]"));
    }
    std::string rest;
    for (unsigned size = 20; size-- > 2;) {
      if ((lengths >> size & 1) == 0) continue;
      unsigned shorter = size - 1;
      while (shorter > 2 && (lengths >> shorter & 1) == 0) --shorter;
      rest = absl::StrCat("(?:", separator, "\\d){", size - shorter, "}", rest);
      if (shorter > 2) rest = absl::StrCat("(?:", rest, ")?");
    }
    shapes.push_back(absl::StrCat("(?:", absl::StrJoin(begins, "|"), ")", rest));
  }
  return absl::StrJoin(shapes, "|");
}

bool IsPaymentCard(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() < 12 || digits.size() > 19 || !GroupedAsCard(match) || !PassesLuhn(digits)) {
    return false;
  }
  return std::any_of(kBrands.begin(), kBrands.end(), [&](const Brand& brand) {
    const int prefix = NumberAt(digits, 0, brand.width);
    return prefix >= brand.low && prefix <= brand.high && (brand.lengths >> digits.size() & 1) != 0;
  });
}

bool IsIban(absl::string_view match) {
  const std::string account = KeepAlnumUpper(match);
  const auto structure = IbanStructures().find(account.substr(0, 2));
  if (structure == IbanStructures().end() || !HasStructure(account, structure->second)) {
    return false;
  }
  const bool plausible = GroupedAsIban(match) || KeepDigits(account).size() * 4 >= account.size();
  return plausible && PassesIbanMod97(account);
}

bool IsRoutingNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 9 || AllEqual(digits)) return false;
  const int bank = NumberAt(digits, 0, 2);
  const bool known = (bank >= 1 && bank <= 12) || (bank >= 21 && bank <= 32) ||
                     (bank >= 61 && bank <= 72) || bank == 80;
  return known && WeightedSum(digits, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0;
}

bool IsBankIdentifier(absl::string_view match) {
  return (match.size() == 8 || match.size() == 11) &&
         IsCountry(absl::AsciiStrToUpper(match.substr(4, 2)));
}

}  // namespace countersign::text::validators
