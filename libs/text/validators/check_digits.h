#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

// Check digit schemes, and the small tools that checks of identifiers share. All are pure; none
// reads past its argument.
namespace countersign::text::validators {

std::string KeepDigits(absl::string_view match);      // the ASCII digits, in order
std::string KeepAlnumUpper(absl::string_view match);  // letters and digits, letters upper case

// Whether `text` is as long as `shape` and has a digit for each `0` of it, a capital for each `A`,
// and either for each `*`.
bool HasShape(absl::string_view text, absl::string_view shape);

// The number at [at, at + size) of `digits`, as far as they reach. REQUIRES: size < 10.
int NumberAt(absl::string_view digits, std::size_t at, std::size_t size);

bool AllEqual(absl::string_view digits);  // REQUIRES: not empty

// Sum of digit times weight, over as many digits as there are weights.
int WeightedSum(absl::string_view digits, std::initializer_list<int> weights);

// Each takes a match with separators and ignores all that is neither letter nor digit.
bool PassesLuhn(absl::string_view match);   // ISO/IEC 7812-1 annex B
bool PassesMod97(absl::string_view match);  // ISO 7064 mod 97-10: the whole, letters as 10 to 35
bool PassesIbanMod97(absl::string_view match);  // the same, with the first four moved to the end
bool PassesMod11_10(absl::string_view match);   // ISO 7064 mod 11,10
bool PassesMod11_2(absl::string_view match);    // ISO 7064 mod 11-2; the check may be X
bool PassesVerhoeff(absl::string_view match);   // J. Verhoeff, 1969: the dihedral group D5
bool PassesDamm(absl::string_view match);       // H. M. Damm, 2004

// Whether the calendar has this day. `year` in full.
bool IsDate(int year, int month, int day);
// Whether any century makes this a date: for identifiers with a two-digit year.
bool IsShortDate(int year, int month, int day);

// The check of a match in upper case (with Compact of its letters and digits alone), for
// identifiers that people type in lower case.
template <bool (*passes)(absl::string_view)>
bool Compact(absl::string_view match) {
  return passes(KeepAlnumUpper(match));
}
template <bool (*passes)(absl::string_view)>
bool InAnyCase(absl::string_view match) {
  return passes(absl::AsciiStrToUpper(match));
}

// Bits per character, by how often each occurs. 0 for the empty text.
double Entropy(absl::string_view text);

// True for a value that a machine may have chosen: letters and digits, well mixed, no run of one
// character, no alphabet in order, and no name as programs have them.
bool IsEvenlySpread(absl::string_view value);

// The same, and no word such as `example` or `changeme` in it.
bool LooksRandom(absl::string_view value);

}  // namespace countersign::text::validators
