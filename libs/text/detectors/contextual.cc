#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

bool HasManyDigits(absl::string_view match) { return DigitsOf(match).size() >= 6; }

bool IsPlate(absl::string_view match) {
  const std::string plate = AlnumUpperOf(match);
  const std::size_t digits = DigitsOf(plate).size();
  return plate.size() >= 5 && plate.size() <= 8 && digits >= 1 && digits < plate.size();
}

// Not a keyword, a type or a placeholder where a value would stand.
bool IsLoginValue(absl::string_view match) {
  constexpr std::array<absl::string_view, 30> kWords = {
      "none",  "null",     "nil",      "true",   "false", "undefined", "string",   "str",
      "bool",  "required", "optional", "empty",  "input", "self",      "username", "user",
      "login", "password", "passwd",   "pass",   "admin", "root",      "the",      "your",
      "and",   "not",      "text",     "hidden", "value", "default"};
  const std::string lower = absl::AsciiStrToLower(match);
  if (std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) return false;
  return std::any_of(match.begin(), match.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
}

// No word of a sentence either.
bool IsMarkedLoginValue(absl::string_view match) {
  return IsLoginValue(match) && match.find_first_of("0123456789_@!#$%^&*") != match.npos &&
         match.back() != '.';
}

constexpr char kMonths[] =
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    "sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";

Detector Known(const char* entity, std::string pattern, Check check, redaction::ContextGate context,
               const char* source, std::vector<std::string> found,
               std::vector<std::string> missed) {
  return {.entity = entity,
          .pattern = std::move(pattern),
          .left_forbidden = kWordOrDash | kWordOrDot,
          .right_forbidden = kWordOrDash,
          .check = std::move(check),
          .priority = 2,
          .context = std::move(context),
          .tier = 3,
          .source = source,
          .found = std::move(found),
          .missed = std::move(missed)};
}

}  // namespace

std::vector<Detector> ContextualDetectors() {
  const std::string months = kMonths;
  const regex::ByteSet value = regex::ByteSet::Word() | regex::ByteSet::Of(".@!#$%^&*+-");
  std::vector<Detector> all = {
      Known("bank_account", R"(\d{6,17}|\d{2,6}(?:[ -]\d{2,8}){1,3})",
            {"six_digits", HasManyDigits},
            Near("account_number account_no acct account acc_no bank_account kontonummer konto "
                 "compte cuenta conto rekening a_c a_c_no sort_code sortcode bank_acct"),
            "national formats of 6 to 17 digits",
            {"account number: [[12345678]]", "acct [[000123456789]]", "Konto [[532-013-000]]"},
            {"12345678", "account 1234"}),
      Known("passport",
            "(?i:[A-Z]{1,3}[0-9]{6,8})|[0-9]{8,9}|[0-9]{2}[A-Z]{2}[0-9]{5}|"
            "[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7}[0-9]D?",
            {},
            Near("passport passports reisepass pass_nr passeport pasaporte passaporto paspoort"),
            "ICAO 9303; national series", {"Passport No. [[X1234567]]", "passport [[533380006]]"},
            {"X1234567", "passport office"}),
      Known("driver_license",
            "[A-Z]{0,3}[0-9]{5,14}[A-Z]{0,2}|[A-Z][0-9]{3}-[0-9]{4}-[0-9]{4}|"
            "[A-Z9]{5}[0-9]{6}[A-Z9]{2}[0-9A-Z]{3}|[A-Z][0-9]{3}[ -][0-9]{3}[ -][0-9]{2}[ -]"
            "[0-9]{3}[ -][0-9]|[A-Z][0-9]{4}[ -][0-9]{5}[ "
            "-][0-9]{5}|[A-Z]{2,7}[A-Z0-9*]{3,5}[0-9]{3}[A-Z0-9]{2}",
            {},
            Near("driver_license driver_licence drivers_license drivers_licence driver_s_license "
                 "driver_s_licence driving_licence driving_license dl_number dl_no führerschein "
                 "führerscheinnummer permis_de_conduire license_number licence_number license_no "
                 "licence_no dl "
                 "dln cdl"),
            "AAMVA DL/ID formats; DVLA",
            {"driver's license: [[D1234567]]", "Driving licence [[MORGA657054SM9IJ]]",
             "DL number [[D123-4567-8901]]"},
            {"D1234567", "driver license"}),
      Known("card_cvv", "[0-9]{3,4}", {},
            Near("cvv cvv2 cvc cvc2 cid csc cvn security_code card_verification verification_value "
                 "digit_code prüfziffer code_on_the_back"),
            "ISO/IEC 7813; card schemes", {"CVV: [[123]]", "security code [[1234]]"},
            {"123", "CVV 12345"}),
      Known("card_expiry", "(?:0?[1-9]|1[0-2]) ?[/-] ?(?:20)?[0-9]{2}|(?:0[1-9]|1[0-2])[234][0-9]",
            {},
            Near("expiry expires exp expiration expire valid_thru valid_through valid_until "
                 "good_thru gültig mm_yy"),
            "ISO/IEC 7813", {"exp [[12/27]]", "Expiry: [[01/2029]]"}, {"12/27", "exp 13/27"}),
      Known("pin", "[0-9]{4,6}", {}, Near("pin pin_code pin_number passcode"), "ISO 9564",
            {"PIN: [[4711]]", "my PIN is [[471100]]"}, {"4711", "PIN 471"}),
      Known("date_of_birth",
            "[12][0-9]{3}年 ?[01]?[0-9]月 ?[0-3]?[0-9]日?|(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]|"
            "(?i:[0-3]?[0-9][ -]" +
                months +
                "[ -](?:[12][0-9])?[0-9]{2})|"
                "[12][0-9]{3}[-/.][01]?[0-9][-/.][0-3]?[0-9]|[0-3]?[0-9][-/.][0-3]?[0-9][-/.]"
                "(?:[12][0-9])?[0-9]{2}|(?i:" +
                months + R"(\.? [0-3]?[0-9](?:st|nd|rd|th)?,? [12][0-9]{3}))" +
                "|(?i:[0-3]?[0-9](?:st|nd|rd|th|\\.)? (?:of )?" + months + R"(\.?,? [12][0-9]{3}))",
            {},
            Near("dob birth born birthday birthdate date_of_birth birth_date geburtsdatum geboren "
                 "geb naissance né née nacimiento nascita nato nata nascimento d_o_b 生年月日 "
                 "出生日期 рождения"),
            "calendar dates in common notations",
            {"DOB: [[1980-02-29]]", "born on [[29/02/1980]]", "date of birth [[February 29, 1980]]",
             "born [[3rd of May 1975]]"},
            {"1980-02-29", "born in 1980"}),
      Known(
          "license_plate",
          "[A-Z]{1,3}[ -]?[A-Z0-9]{1,4}[ -]?[A-Z0-9]{1,4}|[0-9]{1,4}[ -]?[A-Z]{1,3}[ -]?[0-9]{0,4}",
          {"plate", IsPlate},
          Near("plate plates licence_plate license_plate number_plate registration_plate "
               "kennzeichen "
               "nummernschild immatriculation matrícula targa kenteken"),
          "national series of 5 to 8 characters",
          {"license plate [[ABC 1234]]", "Kennzeichen [[M-AB 1234]]", "number plate: [[AB12 CDE]]"},
          {"ABC 1234", "plate TECTONICS"}),
  };
  Detector login = Known(
      "username_password", R"([\w.@!#$%^&*+-]{3,64})", {"login_value", IsLoginValue},
      AssignedTo("username user user_name userid user_id login login_name account_name benutzer "
                 "benutzername usuario utilisateur password passwd pwd pass passwort kennwort "
                 "contraseña senha mot_de_passe passcode pw wachtwoord screen_name account_name "
                 "пароль 密码 "
                 "パスワード"),
      "an assignment to a login field",
      {"username: [[jdoe]]", "password=[[hunter2]]", "\"user\": \"[[alice.b]]\""},
      {"jdoe", "username: null", "password = getpass()", "user: ${USER}"});
  login.context_always = true;  // without it any word would do
  login.left_forbidden = value | regex::ByteSet::Of("{$");
  login.right_forbidden = value | regex::ByteSet::Of("([{");
  Detector stated = login;
  stated.left_forbidden = stated.left_forbidden | regex::ByteSet::Of("<");  // no placeholder
  stated.check = {"marked_login_value", IsMarkedLoginValue};
  stated.context = Beside(
      "username user_name login_name user_id screen_name password passwd "
      "passphrase pwd passwort wachtwoord login");
  stated.source =
      "what stands right behind the name of a login field, with a digit or a mark in it";
  stated.found = {"my username is [[jdoe42]]", "password [[hunter2]]",
                  "login bob password [[s3cret]]"};
  stated.missed = {"the password is stored", "user name required", "jdoe42"};
  all.push_back(std::move(login));
  all.push_back(std::move(stated));
  return all;
}

}  // namespace countersign::text::detectors
