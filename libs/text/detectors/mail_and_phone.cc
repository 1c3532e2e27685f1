#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

// RFC 5321 limits.
constexpr char kEmailPattern[] =
    R"(\w[\w.%+'-]{0,63}(?:@|%40)(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59}))";

// With letters beyond ASCII. Before the @ only of scripts that put spaces between words: a sentence
// in Chinese must not become a mailbox. The last label is of one script.
#define CS_SPACED R"(\x{C0}-\x{DFF})"
#define CS_LETTER R"(\x{C0}-\x{1FFF}\x{3041}-\x{D7A3})"
constexpr char kInternationalEmailPattern[] =
    R"([\w)" CS_SPACED R"(][\w.%+')" CS_SPACED R"(-]{0,48}@(?:[A-Za-z0-9)" CS_LETTER
    R"(][A-Za-z0-9)" CS_LETTER
    R"(-]{0,31}\.){1,3}(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,40}|[)" CS_LETTER R"(]{2,16}))";
#undef CS_SPACED
#undef CS_LETTER

// Endings of file and member names that no top-level domain has.
constexpr std::array<absl::string_view, 64> kNoDomains = {
    "bak",  "bin", "bmp",  "cfg",  "cjs",  "class", "conf", "cpp",  "csproj", "css",  "csv",
    "dll",  "doc", "docx", "dot",  "env",  "exe",   "gif",  "gz",   "hpp",    "htm",  "html",
    "ico",  "ini", "jar",  "java", "jpeg", "jpg",   "js",   "json", "jsx",    "less", "lock",
    "log",  "map", "mjs",  "old",  "orig", "patch", "pdf",  "php",  "png",    "ppt",  "rb",
    "scss", "svg", "tar",  "tgz",  "tiff", "tmp",   "toml", "ts",   "tsx",    "ttf",  "txt",
    "vue",  "war", "wasm", "webp", "woff", "xls",   "xml",  "yaml", "yml"};

bool AllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

// An address, rather than `icon@2x.png`, `pkg@1.2.3-rc.alpha` or a matrix product.
bool IsMailAddress(absl::string_view match) {
  const std::size_t encoded = match.rfind("%40");  // the sign as a URL writes it
  const std::size_t sign = match.rfind('@');
  const std::size_t at = sign == match.npos ? encoded : sign;
  const absl::string_view local = match.substr(0, at);
  const absl::string_view domain = match.substr(at + (sign == match.npos ? 3 : 1));
  if (absl::EndsWith(local, ".") || absl::StrContains(local, "..")) return false;
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

bool IsInternationalPhone(absl::string_view match) {
  std::string digits = DigitsOf(match.substr(0, match.find_first_of("xXe#")));
  if (absl::StartsWith(digits, "00")) digits.erase(0, 2);
  return digits.size() >= 8 && digits.size() <= 15 && digits[0] != '0' && !AllEqual(digits);
}

// Ten digits with or without the country code, and an extension. Area and exchange do not begin
// with 0 or 1.
bool IsNorthAmericanPhone(absl::string_view match) {
  std::string digits = DigitsOf(match.substr(0, match.find_first_of("xXe#")));
  if (absl::StartsWith(digits, "00")) digits.erase(0, 2);
  if (digits.size() == 11 && digits[0] == '1') digits.erase(0, 1);
  return digits.size() == 10 && !AllEqual(digits) && digits[0] >= '2' && digits[3] >= '2';
}

bool IsNationalPhone(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() >= 9 && digits.size() <= 12 && digits[1] != '0' && !AllEqual(digits);
}

bool IsAnyPhone(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() >= 7 && digits.size() <= 13 && !AllEqual(digits);
}

// No date, no moment in seconds or milliseconds since 1970, no years, no decimals.
bool IsLikelyPhone(absl::string_view match) {
  const std::string digits = DigitsOf(match);
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

// ITU-T E.164 assigned country codes, behind 00 and in groups.
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

#define CS_EXTENSION R"((?: ?(?:x|ext\.? ?|extension |#)\d{1,6})?)"

constexpr char kPhoneWords[] =
    "phone phones telephone tel mobile cell cellphone call called fax whatsapp sms text dial ring "
    "hotline helpline contact msisdn telefon telefonnummer handy mobil rufnummer fon tél téléphone "
    "telephone portable teléfono telefono móvil movil celular telefone cellulare telefoon puhelin "
    "numer komórka τηλέφωνο телефон тел 电话 手机 電話 電話番号 携帯 전화 전화번호 휴대폰 puh "
    "mobiel gsm "
    "my_number reach_me reach_us";

}  // namespace

std::vector<Detector> MailAndPhoneDetectors() {
  const regex::ByteSet alnum = regex::ByteSet::Word() & ~regex::ByteSet::Of("_");
  const Check national{"phone_national", IsNationalPhone};
  return {
      {.entity = "email",
       .pattern = kEmailPattern,
       .right_forbidden = alnum,
       .check = {"email", IsMailAddress},
       .source = "RFC 5321, RFC 5890",
       .found = {"john@x.io", "a.b+c@ex-ample.co.uk", "J_D%1@mail.example.museum",
                 "u@xn--bcher-kva.xn--p1ai", "o'neil@example.ie", "Write to [[john@x.io]].",
                 "([[john@x.io]])", "?to=[[john%40x.io]]&a=1", "请发送至[[john@x.io]]谢谢"},
       .missed = {"john@localhost", "@types/node", "a @ b.com", "user@10.0.0.1", "x@-a.com",
                  "icon@2x.png", "lodash@4.17.21", "pkg@1.0.0-beta.alpha", "x = a @ b.T"}},
      {.entity = "email",
       .pattern = kInternationalEmailPattern,
       .right_forbidden = alnum,
       .check = {"email", IsMailAddress},
       .source = "RFC 6531, RFC 5890",
       .found = {"jürgen@bücher.example", "почта@пример.рф", "info@例子.广告"},
       .missed = {"请发送至@谢谢", "例子@例子", "naïve @ bücher.example"}},
      {.entity = "phone",
       .pattern = R"(\+[1-9](?:[ .()/-]{0,2}\d){7,14})" CS_EXTENSION,
       .check = {"phone_e164", IsInternationalPhone},
       .priority = 10,
       .source = "ITU-T E.164, E.123",
       .found = {"+1-616-574-0273x873", "+44 20 7946 0958 ext. 12", "+44 20 7946 0958",
                 "+1 (415) 555-2671", "+491701234567", "+33 (0)1 23 45 67 89"},
       .missed = {"+12 34", "x+12345678", "1 + 12345678"}},
      {.entity = "phone",
       .pattern = R"(00[1-9](?:[ .()/-]{0,2}\d){8,14})",
       .left_forbidden = kWordOrDash | regex::ByteSet::Of("./"),
       .check = {"phone_grouped", IsGroupedInternational},
       .priority = 10,
       .source = "ITU-T E.123, in groups behind an assigned country code",
       .found = {"0044 20 7946 0958", "0049 (0)30 12345678", "00353 1-234-5678"},
       .missed = {"00442079460958", "0000 1234 5678", "0099 1234 5678 12", "00 12 34 56 78",
                  "0093-7945-4715", "doi:10.1016/0020 0190 88 900"}},
      {.entity = "phone",
       .pattern = R"(00[1-9](?:[ .()/-]{0,2}\d){8,14})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .check = {"phone_e164", IsInternationalPhone},
       .priority = 10,
       .context = Near(kPhoneWords),
       .context_always = true,
       .source = "ITU-T E.123",
       .found = {"Tel. [[0044 20 7946 0958]]", "phone: [[00491701234567]]"},
       .missed = {"00442079460958"}},
      {.entity = "phone",
       .pattern = R"((?:(?:00)?1[ .-])?(?:\(\d{3}\)[ .-]?|\d{3}[/.-])\d{3}[ .-]\d{4})" CS_EXTENSION,
       .left_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of("+.-"),
       .right_forbidden = kWordOrDash,
       .check = {"phone_nanp", IsNorthAmericanPhone},
       .priority = 10,
       .source = "North American Numbering Plan Administration",
       .found = {"(415) 555-2671", "415-555-2671", "1-415-555-2671", "415.555.2671",
                 "001-805-392-6207x603", "415/555-2671", "(833)772-7707x3162",
                 "415-555-2671 ext. 12"},
       .missed = {"115-555-2671", "415-555-2671-1", "415-155-2671"}},
      {.entity = "phone",
       .pattern = R"((?:1 )?\d{3} \d{3}-\d{4})" CS_EXTENSION,
       .left_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of("+.-"),
       .right_forbidden = kWordOrDash,
       .check = {"phone_nanp", IsNorthAmericanPhone},
       .priority = 10,
       .source = "North American Numbering Plan Administration",
       .found = {"415 555-2671", "1 415 555-2671", "call [[415 555-2671 ext. 4]]"},
       .missed = {"115 555-2671", "415 155-2671", "415 555-26711"}},
      {.entity = "phone",
       .pattern = R"((?:1[ -]?)?\d{3} ?\d{3}[ -]?\d{4})",
       .left_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of("+.-"),
       .right_forbidden = kWordOrDash,
       .check = {"phone_nanp", IsNorthAmericanPhone},
       .priority = 10,
       .context = Near(kPhoneWords),
       .source = "North American Numbering Plan Administration",
       .found = {"call me at [[415 555 2671]]", "cell [[4155552671]]", "call [[14155552671]]"},
       .missed = {"415 555 2671", "call 115 555 2671", "4155552671", "call at 1715949045"}},
      {.entity = "phone",
       .pattern = R"(0\d{1,4}[ /-]{1,3}\d{2,8}(?:[ -]\d{2,6}){0,4}|\(0\d{1,4}\) ?\d{2,8})"
                  R"((?:[ -]\d{2,6}){0,3})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = national,
       .priority = 10,
       .context = Near(kPhoneWords),
       .source = "national numbering plans with the trunk prefix 0 (ITU-T E.164 annex)",
       .found = {"Telefon: [[030 12345678]]", "call [[020 7946 0958]]", "tél. [[01 23 45 67 89]]",
                 "phone [[(02) 9876 5432]]", "Mobil [[0170/1234567]]", "电话: [[010-6552-9988]]"},
       .missed = {"030 12345678", "phone released 01-02-2024"}},
      {.entity = "phone",
       .pattern = R"(\(?\d{2,5}\)?(?:[ ./-]{0,2}\d{1,8}){1,5})" CS_EXTENSION,
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"phone_likely", IsLikelyPhone},
       .priority = 5,
       .context =
           Beside("phone telephone tel mobile cell cellphone fax whatsapp sms msisdn hotline "
                  "helpline phone_number phone_no mobile_number contact_number cell_number "
                  "fax_number my_number my_number_is call_me call_us call_him call_her "
                  "reach_me reach_us text_me ring_me dial "
                  "telefon telefonnummer handy handynummer mobil mobilnummer rufnummer fon "
                  "tél téléphone portable teléfono telefono móvil movil celular telefone "
                  "cellulare telefoon mobiel puhelin puh gsm numer_telefonu komórka "
                  "τηλέφωνο телефон тел 电话 手机 電話 電話番号 携帯 전화 전화번호 휴대폰"),
       .context_always = true,
       .source = "any national format, right behind the word for it",
       .found = {"mobile [[661 573 681]]", "my number is [[07402 437192]]", "Tel. [[8005551234]]",
                 "call me on [[01632 960 983]]", "WhatsApp [[13757368193]]",
                 "Tel. [[45 80 73 02]]"},
       .missed = {"661 573 681", "mobile 2024-2025", "phone 2024-11-22", "dial 1715949045123",
                  "mobile usage grew 12 345 678", "tel 12.34"}},
      {.entity = "phone",
       .pattern = R"(\(?\d{2,5}\)?(?:[ .-]?\d{2,8}){1,4})",
       .left_forbidden = kWordOrDash | kWordOrDot,
       .right_forbidden = kWordOrDash,
       .check = {"phone_any", IsAnyPhone},
       .priority = 5,
       .context = AssignedTo("phone phones telephone tel mobile cell cellphone fax whatsapp msisdn "
                             "telefon telefonnummer handy mobil tél téléphone teléfono telefono "
                             "móvil celular telefone cellulare telefoon 电话 手机 電話"),
       .context_always = true,
       .source = "any national format, where a field says so",
       .found = {"phone: [[912 345 678]]", "\"mobile\": \"[[9876543210]]\"", "Tel: [[555-0123]]"},
       .missed = {"912 345 678", "phone book 912 345 678"}},
  };
}

#undef CS_EXTENSION

}  // namespace countersign::text::detectors
