#include "libs/text/detectors.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/text/detector_validators.h"

namespace countersign::text {
namespace {

// Space, no-break space, narrow no-break space; hyphen-minus and the dashes that stand for it.
#define CS_SPACE R"( \x{A0}\x{202F})"
#define CS_DASH R"(\x{2010}-\x{2013}-)"

constexpr char kCardPattern[] = R"(\d(?:[)" CS_SPACE CS_DASH R"(]?\d){11,18})";

// The same separator family twice.
constexpr char kSsnPattern[] = R"(\d{3}(?:[)" CS_DASH R"(]\d{2}[)" CS_DASH R"(]|[)" CS_SPACE
                               R"(]\d{2}[)" CS_SPACE R"(]|\.\d{2}\.)\d{4})";

constexpr char kEmailPattern[] =
    R"(\w[\w.%+-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59}))";

constexpr char kJwtPattern[] = R"(eyJ[\w-]{8,1024}\.eyJ[\w-]{4,8192}\.[\w-]{0,1400})";

// Accepted from the header on, then byte by byte, so a key without its end is masked too.
constexpr char kPrivateKeyPattern[] =
    R"(-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----)"
    R"((?:\s{1,4}(?:[A-Za-z-]{1,30}: [^\r\n]{0,120}\r?\n){1,6})?)"
    R"([A-Za-z0-9+/=\r\n\t\\]*(?:-----END [A-Z0-9 ]{1,60}-----)?)";

constexpr char kIpV4Pattern[] =
    R"((?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3})";
constexpr char kIpV6Pattern[] = R"((?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})";

constexpr char kInternationalPhonePattern[] =
    R"(\+[1-9](?:[)" CS_SPACE CS_DASH R"(.()/]{0,2}\d){7,14})";
constexpr char kNorthAmericanPhonePattern[] =
    R"((?:1[ .-])?(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4})";

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
                                   R"()\d\d(?:[)" CS_SPACE CS_DASH "]?[A-Z0-9]){", length - 4,
                                   "}"));
  }
  return absl::StrCat("(?i)", absl::StrJoin(lengths, "|"));
}

#undef CS_SPACE
#undef CS_DASH

constexpr ByteSet kWord = ByteSet::Word();
constexpr ByteSet kNone;

std::vector<Detector> MakeTier1() {
  return {
      {"credit_card", kCardPattern, kWord, kWord, IsPaymentCard, 30},
      {"iban", IbanPattern(), kWord, kWord, IsIban, 30},
      {"us_ssn", kSsnPattern, kWord, kWord, IsSocialSecurityNumber, 20},
      {"us_itin", kSsnPattern, kWord, kWord, IsTaxpayerNumber, 20},
      {"email", kEmailPattern, kWord, kNone},
      {"phone", kInternationalPhonePattern, kWord, kWord, IsInternationalPhone, 10},
      {"phone", kNorthAmericanPhonePattern, kWord | ByteSet::Of("+."), kWord, IsNorthAmericanPhone,
       10},
      {"ip_address", kIpV4Pattern, kWord | ByteSet::Of("."), kWord},
      {"ip_address", kIpV6Pattern, kWord | ByteSet::Of(":"), kWord | ByteSet::Of(":"), IsIpV6},
      {"mac_address", "[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})", kWord,
       kWord},
      {"jwt", kJwtPattern, kWord, kNone, nullptr, 10},
      {"private_key", kPrivateKeyPattern, kNone, kNone, nullptr, 10},
      {"url_credentials", R"([A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:@/]{1,128}:[^\s:@/]{1,128}@)",
       kWord, kNone},
      {"secret.aws_access_key_id", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", kWord, kWord, nullptr,
       10},
      {"secret.github_token", "gh[pousr]_[A-Za-z0-9]{36,255}", kWord, kNone, nullptr, 10},
      {"secret.github_token", R"(github_pat_\w{82})", kWord, kNone, nullptr, 10},
      {"secret.gitlab_token", R"(glpat-[\w-]{20,64})", kWord, kNone, nullptr, 10},
      {"secret.slack_token", "xox[abeoprs]-[A-Za-z0-9-]{10,250}", kWord, kNone, nullptr, 10},
      {"secret.stripe_key", "[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,99}", kWord, kNone, nullptr,
       10},
      {"secret.google_api_key", R"(AIza[\w-]{35})", kWord, kNone, nullptr, 10},
      {"secret.openai_api_key", R"(sk-(?:[\w-]{20,100})?T3BlbkFJ[\w-]{20,100})", kWord, kNone,
       nullptr, 10},
      {"secret.anthropic_api_key", R"(sk-ant-(?:api|admin)\d\d-[\w-]{80,120})", kWord, kNone,
       nullptr, 10},
      {"secret.huggingface_token", "hf_[A-Za-z0-9]{34}", kWord, kNone, nullptr, 10},
      {"secret.npm_token", "npm_[A-Za-z0-9]{36}", kWord, kNone, nullptr, 10},
  };
}

}  // namespace

const std::vector<Detector>& Tier1Detectors() {
  static const auto* const detectors = new std::vector<Detector>(MakeTier1());
  return *detectors;
}

absl::StatusOr<std::vector<const Detector*>> FindDetectors(absl::string_view name) {
  std::vector<const Detector*> found;
  const bool all = name == "tier1" || name == "all";
  const bool family = absl::EndsWith(name, ".*");
  const absl::string_view prefix = family ? name.substr(0, name.size() - 1) : "";
  std::set<std::string> known;
  for (const Detector& detector : Tier1Detectors()) {
    known.insert(detector.entity);
    if (all || detector.entity == name || (family && absl::StartsWith(detector.entity, prefix))) {
      found.push_back(&detector);
    }
  }
  if (found.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown entity '", name,
                                                   "'; known are tier1, all, secret.*, ",
                                                   absl::StrJoin(known, ", ")));
  }
  return found;
}

std::string LabelOf(absl::string_view entity) { return absl::AsciiStrToUpper(entity); }

RedactionRule RuleOf(const Detector& detector) {
  RedactionRule rule;
  rule.entity = detector.entity;
  rule.regex = ParseRegex(detector.pattern).value();
  rule.left_forbidden = detector.left_forbidden;
  rule.right_forbidden = detector.right_forbidden;
  rule.validator = detector.validator;
  rule.priority = detector.priority;
  rule.replacement = absl::StrCat("<", LabelOf(detector.entity), ">");
  return rule;
}

}  // namespace countersign::text
