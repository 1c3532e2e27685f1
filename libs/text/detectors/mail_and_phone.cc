#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text {
namespace {

// RFC 5321 limits.
constexpr char kEmailPattern[] =
    R"(\w[\w.%+'-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59}))";

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
  const std::size_t at = match.rfind('@');
  const absl::string_view local = match.substr(0, at);
  const absl::string_view domain = match.substr(at + 1);
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

#define CS_EXTENSION R"((?: ?(?:x|ext\.? ?|extension |#)\d{1,6})?)"

constexpr char kPhoneWords[] =
    "phone phones telephone tel mobile cell cellphone call called fax whatsapp sms text dial ring "
    "hotline helpline contact msisdn telefon telefonnummer handy mobil rufnummer fon tél téléphone "
    "telephone portable teléfono telefono móvil movil celular telefone cellulare telefoon puhelin "
    "numer komórka τηλέφωνο телефон тел 电话 手机 電話 携帯";

}  // namespace

std::vector<Detector> MailAndPhoneDetectors() {
  const ByteSet alnum = ByteSet::Word() & ~ByteSet::Of("_");
  const Check national{"phone_national", IsNationalPhone};
  return {
      {.entity = "email",
       .pattern = kEmailPattern,
       .right_forbidden = alnum,
       .check = {"email", IsMailAddress},
       .source = "RFC 5321, RFC 5890",
       .found = {"john@x.io", "a.b+c@ex-ample.co.uk", "J_D%1@mail.example.museum",
                 "u@xn--bcher-kva.xn--p1ai", "o'neil@example.ie", "Write to [[john@x.io]].",
                 "([[john@x.io]])", "请发送至[[john@x.io]]谢谢"},
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
       .left_forbidden = kWordOrDash | kWordOrDot,
       .check = {"phone_e164", IsInternationalPhone},
       .priority = 10,
       .context = Near(kPhoneWords),
       .context_always = true,
       .source = "ITU-T E.123",
       .found = {"Tel. [[0044 20 7946 0958]]", "phone: [[00491701234567]]"},
       .missed = {"0044 20 7946 0958"}},
      {.entity = "phone",
       .pattern = R"((?:(?:00)?1[ .-])?(?:\(\d{3}\)[ .-]?|\d{3}[.-])\d{3}[ .-]\d{4})" CS_EXTENSION,
       .left_forbidden = ByteSet::Word() | ByteSet::Of("+.-"),
       .right_forbidden = kWordOrDash,
       .check = {"phone_nanp", IsNorthAmericanPhone},
       .priority = 10,
       .source = "North American Numbering Plan Administration",
       .found = {"(415) 555-2671", "415-555-2671", "1-415-555-2671", "415.555.2671",
                 "001-805-392-6207x603", "(833)772-7707x3162", "415-555-2671 ext. 12"},
       .missed = {"115-555-2671", "415-555-2671-1", "415-155-2671"}},
      {.entity = "phone",
       .pattern = R"((?:1 )?\d{3} \d{3}[ -]\d{4}|\d{10})",
       .left_forbidden = ByteSet::Word() | ByteSet::Of("+.-"),
       .right_forbidden = kWordOrDash,
       .check = {"phone_nanp", IsNorthAmericanPhone},
       .priority = 10,
       .context = Near(kPhoneWords),
       .source = "North American Numbering Plan Administration",
       .found = {"call me at [[415 555 2671]]", "cell [[4155552671]]"},
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

}  // namespace countersign::text
