#include "libs/text/validators/mail_and_phone.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {
namespace {

// File extensions and member names that are not top-level domains.
constexpr std::array<absl::string_view, 74> kNoDomains = {
    "bak", "bin", "bmp", "cfg", "cjs", "class", "conf", "cpp", "csproj", "css", "csv", "dll", "doc",
    "docx", "dot", "env", "exe", "gif", "gz", "hpp", "htm", "html", "ico", "ini", "jar", "java",
    "jpeg", "jpg", "js", "json", "jsx", "less", "lock", "log", "map", "mjs", "old", "orig", "patch",
    "pdf", "php", "png", "ppt", "rb", "scss", "svg", "tar", "tgz", "tiff", "tmp", "toml", "ts",
    "tsx", "ttf", "txt", "vue", "war", "wasm", "webp", "woff", "xls", "xml", "yaml", "yml",
    // Units of systemd.
    "service", "socket", "timer", "mount", "automount", "swap", "target", "slice", "scope",
    "device"};

bool AllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

}  // namespace

bool IsMailAddress(absl::string_view match) {
  const std::size_t encoded = match.rfind("%40");  // the sign as a URL writes it
  const std::size_t sign = match.rfind('@');
  const std::size_t at = sign == match.npos ? encoded : sign;
  if (at == match.npos) return false;
  const absl::string_view local = match.substr(0, at);
  const absl::string_view domain = match.substr(at + (sign == match.npos ? 3 : 1));
  if (absl::EndsWith(local, ".") || absl::StrContains(local, "..")) return false;
  // What stands before `=` belongs to the address of a bounce only (`bounce+ann=example.org@…`).
  const std::size_t equals = local.find('=');
  if (equals != local.npos && local.substr(0, equals).find('+') == local.npos) return false;
  if (local == "git" || local == "hg" || local == "svn") return false;  // an account of a forge
  const std::size_t dot = domain.rfind('.');
  const std::string last = absl::AsciiStrToLower(domain.substr(dot + 1));
  for (const absl::string_view name : kNoDomains) {
    if (last == name) return false;
  }
  const std::size_t first = domain.find('.');
  const std::size_t second = domain.find('.', first + 1);
  const bool version = AllDigits(domain.substr(0, first)) && second != absl::string_view::npos &&
                       absl::ascii_isdigit(static_cast<unsigned char>(domain[first + 1]));
  return !version;
}

// Whether a date stands at the beginning, as in `2024-01-15 12`.
namespace {
bool BeginsWithDate(absl::string_view match) {
  const absl::string_view text = match.substr(std::min(match.find_first_not_of('('), match.size()));
  if (text.size() < 8) return false;
  const auto is_mark = [](char c) { return c == '-' || c == '/' || c == '.'; };
  const auto number = [&](std::size_t at, std::size_t size) -> int {
    const absl::string_view part = text.substr(std::min(at, text.size()), size);
    return part.size() == size && AllDigits(part) ? NumberAt(part, 0, size) : -1;
  };
  const int year = number(0, 4);
  if (year >= 1900 && year <= 2099 && is_mark(text[4]) && text.size() >= 10 && text[7] == text[4] &&
      IsDate(year, number(5, 2), number(8, 2))) {
    return true;
  }
  const int late = number(6, 4);
  return late >= 1900 && late <= 2099 && is_mark(text[2]) && text[5] == text[2] &&
         (IsDate(late, number(3, 2), number(0, 2)) || IsDate(late, number(0, 2), number(3, 2)));
}

// Whether it is a number with decimals: `35236450.6`, `1234.56`.
bool IsDecimal(absl::string_view match) {
  const std::size_t dot = match.find('.');
  return dot != match.npos && match.find_first_of(" -/()", 0) == match.npos &&
         match.find('.', dot + 1) == match.npos &&
         (match.size() - dot <= 3 || dot > 5 || (dot <= 3 && match[0] != '0' && match.size() > 8));
}
}  // namespace

bool IsInternationalPhone(absl::string_view match) {
  const absl::string_view number = match.substr(0, match.find_first_of("xXe#"));
  std::string digits = KeepDigits(number);
  const bool dialled = absl::StartsWith(digits, "00");
  if (dialled) digits.erase(0, 2);
  if (digits.size() < 8 || digits.size() > 15 || digits[0] == '0' || AllEqual(digits)) return false;
  if (digits[0] == '1' && digits.size() != 11) return false;
  if (digits[0] == '7' && digits.size() != 11) return false;
  if (IsDecimal(number.substr(number[0] == '+' ? 1 : 0))) return false;
  // A short number without groups is one with a sign: a difference, a changed line.
  const bool grouped = number.find_first_of(" .()/-") != number.npos;
  return grouped || dialled || digits.size() >= 10;
}

bool IsNorthAmericanPhone(absl::string_view match) {
  std::string digits = KeepDigits(match.substr(0, match.find_first_of("xXe#")));
  if (absl::StartsWith(digits, "00")) digits.erase(0, 2);
  if (digits.size() == 11 && digits[0] == '1') digits.erase(0, 1);
  return digits.size() == 10 && !AllEqual(digits) && digits[0] >= '2' && digits[3] >= '2';
}

bool IsNationalPhone(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() >= 9 && digits.size() <= 12 && digits[1] != '0' && !AllEqual(digits) &&
         !BeginsWithDate(match);
}

bool IsAnyPhone(absl::string_view match) {
  const absl::string_view number = match.substr(0, match.find_first_of("xXe#"));
  const std::string digits = KeepDigits(number);
  return digits.size() >= 7 && digits.size() <= 13 && !AllEqual(digits) && !BeginsWithDate(match) &&
         !IsDecimal(number);
}

bool IsGroupedPhone(absl::string_view match) {
  std::size_t groups = 0;
  for (std::size_t i = 0; i < match.size(); ++i) {
    const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(match[i]));
    const bool before = i > 0 && absl::ascii_isdigit(static_cast<unsigned char>(match[i - 1]));
    if (digit && !before) ++groups;
  }
  return groups >= 3 && KeepDigits(match).size() >= 8 && IsLikelyPhone(match);
}

bool IsLikelyPhone(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (!IsAnyPhone(match)) return false;
  const bool bare = digits.size() == match.size();
  const bool moment = bare && (digits.size() == 10 || digits.size() == 13) && digits[0] == '1' &&
                      digits[1] >= '3' && digits[1] <= '8';
  if (moment) return false;
  const auto is_year = [&](std::size_t at) {
    const int year = NumberAt(digits, at, 4);
    return year >= 1900 && year <= 2099;
  };
  if (digits.size() == 8 && is_year(0) &&
      (is_year(4) ||
       IsDate(NumberAt(digits, 0, 4), NumberAt(digits, 4, 2), NumberAt(digits, 6, 2)))) {
    return false;
  }
  const bool day_first = digits.size() == 8 && is_year(4) && match.size() == 10 &&
                         IsDate(2000, NumberAt(digits, 2, 2), NumberAt(digits, 0, 2));
  return !day_first;
}

bool IsGroupedInternational(absl::string_view match) {
  constexpr absl::string_view kCodes =
      " 1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 "
      "63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 "
      "226 "
      "227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 248 249 250 251 "
      "252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 297 298 299 350 351 352 "
      "353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 "
      "389 420 421 423 500 501 502 503 504 505 506 507 509 590 591 592 593 594 595 597 598 599 670 "
      "673 674 675 676 677 678 679 680 682 685 686 687 689 691 692 850 852 853 855 856 880 886 960 "
      "961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998 ";
  const std::size_t gap = match.find_first_of(" .()/-", 2);
  if (gap == match.npos || match[gap] != ' ') return false;
  const absl::string_view code = match.substr(2, gap - 2);
  return absl::StrContains(kCodes, absl::StrCat(" ", code, " ")) && IsInternationalPhone(match);
}

}  // namespace countersign::text::validators
