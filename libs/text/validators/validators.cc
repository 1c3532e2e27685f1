#include "libs/text/validators/validators.h"

#include <algorithm>
#include <iterator>

#include "libs/text/validators/address_codes.h"
#include "libs/text/validators/check_digits.h"
#include "libs/text/validators/commonwealth.h"
#include "libs/text/validators/credentials.h"
#include "libs/text/validators/crypto_addresses.h"
#include "libs/text/validators/europe.h"
#include "libs/text/validators/mail_and_phone.h"
#include "libs/text/validators/network.h"
#include "libs/text/validators/payment.h"
#include "libs/text/validators/personal.h"
#include "libs/text/validators/us.h"
#include "libs/text/validators/world.h"

namespace countersign::text::validators {
namespace {

constexpr NamedValidator kValidators[] = {
    {"aba", IsRoutingNumber},
    {"au_abn", IsAbn},
    {"au_acn", IsAcn},
    {"au_medicare", IsMedicare},
    {"au_tfn", IsTfn},
    {"base58_32_bytes", IsSolanaAddress},
    {"base58check", IsBase58Address},
    {"base58check_ripple", IsRippleAddress},
    {"basic_credential", IsBasicCredential},
    {"be_national_number", IsBelgianNumber},
    {"bech32", PassesBech32},
    {"bic", IsBankIdentifier},
    {"br_cnpj", IsCnpj},
    {"br_cpf", IsCpf},
    {"ca_sin", IsSin},
    {"card", IsPaymentCard},
    {"cn_resident_id", IsChineseNumber},
    {"curl_user", IsCurlUser},
    {"damm", PassesDamm},
    {"de_tax_id", IsGermanTaxId},
    {"dk_cpr", IsCpr},
    {"ean13", IsEan13},
    {"eip55", PassesEip55},
    {"email", IsMailAddress},
    {"es_nif", IsSpanishNif},
    {"fi_hetu", InAnyCase<IsHetu>},
    {"fr_nir", IsFrenchNir},
    {"has_digit", HasDigit},
    {"hex_letter", HasHexLetter},
    {"iban", IsIban},
    {"icao_731", IsGermanIdCard},
    {"iccid", IsIccid},
    {"ie_pps", IsPps},
    {"imei", IsImei},
    {"in_aadhaar", IsAadhaar},
    {"in_gstin", IsGstin},
    {"in_pan", IsPan},
    {"in_pan_any_case", InAnyCase<IsPan>},
    {"ipv4", IsAddressV4},
    {"ipv4_any", IsAnyAddressV4},
    {"ipv4_range", IsAddressRange},
    {"ipv6", IsAddressV6},
    {"ipv6_any", IsAnyAddressV6},
    {"ipv6_long", IsLongAddressV6},
    {"it_fiscal_code", Compact<IsItalianFiscalCode>},
    {"it_vat", IsItalianVat},
    {"kr_rrn", IsKoreanNumber},
    {"letters_and_digits", HasLettersAndDigits},
    {"login_value", IsLoginValue},
    {"luhn", PassesLuhn},
    {"mac", IsHardwareAddress},
    {"mac_mixed", IsMixedHardwareAddress},
    {"marked_login_value", IsMarkedLoginValue},
    {"mixed_random", IsMixedRandom},
    {"mod11_10", PassesMod11_10},
    {"mod11_2", PassesMod11_2},
    {"mod97", PassesMod97},
    {"mx_curp", InAnyCase<IsCurp>},
    {"nl_bsn", IsBsn},
    {"no_fodselsnummer", IsFodselsnummer},
    {"nz_ird", IsIrd},
    {"one_case", IsOneCase},
    {"password_argument", IsPasswordArgument},
    {"password_like", IsPasswordLike},
    {"phone_any", IsAnyPhone},
    {"phone_e164", IsInternationalPhone},
    {"phone_grouped", IsGroupedInternational},
    {"phone_groups", IsGroupedPhone},
    {"phone_likely", IsLikelyPhone},
    {"phone_nanp", IsNorthAmericanPhone},
    {"phone_national", IsNationalPhone},
    {"pl_pesel", IsPesel},
    {"plate", IsPlate},
    {"pt_nif", IsPortugueseNif},
    {"quoted_password", IsQuotedPassword},
    {"random", LooksRandom},
    {"se_personnummer", IsPersonnummer},
    {"sg_nric", InAnyCase<IsNric>},
    {"short_token", IsShortToken},
    {"six_digits", HasManyDigits},
    {"stated_password", IsStatedPassword},
    {"stellar", PassesStellar},
    {"th_national_id", IsThaiNumber},
    {"tr_tckn", IsTurkishNumber},
    {"uk_nhs", IsNhsNumber},
    {"uk_nino", IsNino},
    {"uk_nino_any_suffix", IsNinoOfAnySuffix},
    {"uk_utr", IsUtr},
    {"url_credentials", HasCredentials},
    {"us_dea", InAnyCase<IsDea>},
    {"us_itin", IsTaxpayerNumber},
    {"us_npi", IsNpi},
    {"us_ssn", IsSocialSecurityNumber},
    {"verhoeff", PassesVerhoeff},
    {"vin", IsVin},
    {"wallet_import_format", IsWalletKey},
    {"za_id", IsSouthAfricanId},
    {"za_id_strict", IsStrictSouthAfricanId},
};

}  // namespace

absl::Span<const NamedValidator> AllValidators() { return kValidators; }

const NamedValidator* FindValidator(absl::string_view name) {
  const auto* const found = std::lower_bound(
      std::begin(kValidators), std::end(kValidators), name,
      [](const NamedValidator& validator, absl::string_view key) { return validator.name < key; });
  return found == std::end(kValidators) || found->name != name ? nullptr : found;
}

}  // namespace countersign::text::validators
