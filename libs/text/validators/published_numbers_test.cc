// Numbers published as examples by their issuers or by standards, and what becomes of them when
// they are mistyped.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/text/validators/validators.h"

namespace countersign::text::validators {
namespace {

struct Number {
  const char* validator;
  const char* valid;
  bool finds_every_change = false;  // the scheme detects each change of one digit
  bool has_one_length = true;       // one digit more or less is refused
};

constexpr Number kNumbers[] = {
    {"aba", "021000021", true},
    {"au_abn", "51 824 753 556", true},
    {"au_acn", "004 085 616"},
    {"au_medicare", "2123 45670 1", false, false},
    {"au_tfn", "123 456 782", true, false},
    {"be_national_number", "85.07.30-033.28"},
    {"br_cnpj", "11.222.333/0001-81"},
    {"br_cpf", "529.982.247-25"},
    {"card", "4111 1111 1111 1111", true, false},
    {"cn_resident_id", "11010519491231002X", true},
    {"de_tax_id", "86095742719", true},
    {"dk_cpr", "070761-4285"},
    {"ean13", "4006381333931", true},
    {"es_nif", "12345678Z", true},
    {"es_nif", "X1234567L", true},
    {"fi_hetu", "131052-308T", true},
    {"fr_nir", "2 95 10 99 126 111 93", true},
    {"iban", "DE89 3704 0044 0532 0130 00", true},
    {"iban", "GB82WEST12345698765432", true},
    {"ie_pps", "1234567T", true},
    {"imei", "490154203237518", true},
    {"in_aadhaar", "2341 2341 2346", true},
    {"in_gstin", "27AAPFU0939F1ZV", true},
    {"it_fiscal_code", "RSSMRA85T10A562S", true},
    {"it_vat", "00743110157", true},
    {"mod11_2", "0000-0002-1825-0097", true, false},
    {"mx_curp", "HEGG560427MVZRRL04"},
    {"nl_bsn", "111222333", true},
    {"nz_ird", "49-091-850", false, false},
    {"pl_pesel", "44051401359", true},
    {"pt_nif", "123456789"},
    {"se_personnummer", "811228-9874", true},
    {"sg_nric", "S1234567D", true},
    {"tr_tckn", "10000000146", true},
    {"uk_nhs", "943 476 5919", true},
    {"uk_utr", "1955839661"},
    {"us_dea", "AP5836727"},
    {"us_npi", "1234567893", true, false},
    {"vin", "1M8GDM9AXKP042788"},
    {"za_id", "8001015009087", true},
};

bool Accepts(const char* name, const std::string& text) {
  const NamedValidator* const validator = FindValidator(name);
  REQUIRE(validator != nullptr);
  return validator->accepts(text);
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

TEST_CASE("validators: accept the numbers that issuers and standards publish", "[validators]") {
  for (const Number& number : kNumbers) {
    INFO(number.validator << " " << number.valid);
    CHECK(Accepts(number.validator, number.valid));
  }
}

TEST_CASE("validators: refuse a number with any one digit changed", "[validators]") {
  for (const Number& number : kNumbers) {
    if (!number.finds_every_change) continue;
    for (std::size_t at = 0; number.valid[at] != '\0'; ++at) {
      if (!IsDigit(number.valid[at])) continue;
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string changed = number.valid;
        if (changed[at] == digit) continue;
        changed[at] = digit;
        INFO(number.validator << " " << changed);
        CHECK_FALSE(Accepts(number.validator, changed));
      }
    }
  }
}

TEST_CASE("validators: refuse most numbers with two neighbouring digits exchanged",
          "[validators]") {
  // Every scheme with a check digit exists to detect this; none detects every case.
  std::size_t exchanged = 0, found = 0;
  for (const Number& number : kNumbers) {
    if (!number.finds_every_change) continue;
    const std::string valid = number.valid;
    for (std::size_t at = 1; at < valid.size(); ++at) {
      if (!IsDigit(valid[at]) || !IsDigit(valid[at - 1]) || valid[at] == valid[at - 1]) continue;
      std::string other = valid;
      std::swap(other[at], other[at - 1]);
      ++exchanged;
      found += Accepts(number.validator, other) ? 0 : 1;
    }
  }
  INFO(found << " of " << exchanged);
  CHECK(exchanged > 100);
  CHECK(found * 100 >= exchanged * 90);
}

TEST_CASE("validators: refuse a number with a digit too few or too many", "[validators]") {
  for (const Number& number : kNumbers) {
    if (!number.has_one_length) continue;
    const std::string valid = number.valid;
    INFO(number.validator << " " << valid);
    CHECK_FALSE(Accepts(number.validator, absl::StrCat(valid, "0")));
    CHECK_FALSE(Accepts(number.validator, absl::StrCat("1", valid)));
    CHECK_FALSE(Accepts(number.validator, valid.substr(1)));
    CHECK_FALSE(Accepts(number.validator, valid.substr(0, valid.size() - 1)));
    CHECK_FALSE(Accepts(number.validator, ""));
  }
}

TEST_CASE("validators: refuse numbers of one repeated digit, which are placeholders",
          "[validators]") {
  for (const char* name : {"aba", "au_acn", "au_tfn", "br_cnpj", "br_cpf", "de_tax_id", "imei",
                           "in_aadhaar", "it_vat", "nl_bsn", "uk_nhs", "us_ssn"}) {
    const NamedValidator* const validator = FindValidator(name);
    for (std::size_t size = 8; size <= 15; ++size) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        // Eight digits are an old tax file number, in which nothing else tells a placeholder.
        if (name == std::string("au_tfn") && size == 8) continue;
        INFO(name << " " << std::string(size, digit));
        CHECK_FALSE(validator->accepts(std::string(size, digit)));
      }
    }
  }
}

TEST_CASE("validators: refuse dates that no calendar has", "[validators]") {
  struct Date {
    const char* validator;
    const char* valid;
    const char* invalid;
  };
  for (const Date& date :
       {Date{"dk_cpr", "290200-0000", "290201-0000"}, Date{"dk_cpr", "310199-0000", "310499-0000"},
        Date{"kr_rrn", "000229-3000000", "010229-3000000"},
        Date{"kr_rrn", "991231-1000000", "991301-1000000"}}) {
    CHECK(Accepts(date.validator, date.valid));
    CHECK_FALSE(Accepts(date.validator, date.invalid));
  }
}

TEST_CASE("us_ssn, us_itin: the ranges that the agencies assign", "[validators]") {
  for (const char* valid : {"536-90-4399", "001-01-0001", "899-99-9999", "665-01-0001"}) {
    INFO(valid);
    CHECK(Accepts("us_ssn", valid));
  }
  for (const char* invalid : {"000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567",
                              "123-45-0000", "078-05-1120", "219-09-9999"}) {
    INFO(invalid);
    CHECK_FALSE(Accepts("us_ssn", invalid));
  }
  for (const char* valid : {"900-50-0000", "912-65-1234", "999-70-1234", "900-88-0000",
                            "900-90-0000", "900-92-0000", "900-94-0000", "900-99-0000"}) {
    INFO(valid);
    CHECK(Accepts("us_itin", valid));
  }
  for (const char* invalid :
       {"812-70-1234", "900-49-0000", "900-66-0000", "900-69-0000", "900-89-0000", "900-93-0000"}) {
    INFO(invalid);
    CHECK_FALSE(Accepts("us_itin", invalid));
  }
}

TEST_CASE("uk_nino: prefixes that are never issued", "[validators]") {
  CHECK(Accepts("uk_nino", "AB 12 34 56 C"));
  CHECK(Accepts("uk_nino", "jg103759a"));
  for (const char* prefix : {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ", "DA", "FA", "IA",
                             "QQ", "UA", "VA", "AD", "AF", "AI", "AO", "AQ", "AU", "AV"}) {
    INFO(prefix);
    CHECK_FALSE(Accepts("uk_nino", absl::StrCat(prefix, "123456A")));
  }
  CHECK(Accepts("uk_nino_any_suffix", "AB123456"));
  CHECK_FALSE(Accepts("uk_nino", "AB123456"));
}

TEST_CASE("addresses of wallets: the examples of their specifications, in no other spelling",
          "[validators]") {
  struct Address {
    const char* validator;
    const char* valid;
  };
  for (const Address& address :
       {Address{"base58check", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
        Address{"base58check", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"},
        Address{"bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
        Address{"bech32", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"},
        Address{"base58check_ripple", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"},
        Address{"eip55", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
        Address{"eip55", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"},
        Address{"wallet_import_format", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"}}) {
    INFO(address.validator << " " << address.valid);
    REQUIRE(Accepts(address.validator, address.valid));
    const std::string valid = address.valid;
    for (std::size_t at = 4; at < valid.size(); ++at) {
      std::string changed = valid;
      changed[at] = changed[at] == '7' ? '6' : '7';
      INFO(changed);
      CHECK_FALSE(Accepts(address.validator, changed));
    }
    CHECK_FALSE(Accepts(address.validator, valid.substr(0, valid.size() - 1)));
  }
}

TEST_CASE("ipv4: addresses, and not the versions and section numbers that look like them",
          "[validators]") {
  for (const char* valid : {"192.0.2.7", "10.1.2.3", "8.8.8.8", "203.0.113.255", "172.16.254.1"}) {
    INFO(valid);
    CHECK(Accepts("ipv4", valid));
  }
  for (const char* invalid : {"1.2.3.4", "0.0.0.0", "192.0.2", "192.0.2.1.5", "", "...", "a.b.c.d",
                              "127.0.0.0", "14.2.1.9"}) {
    INFO(invalid);
    CHECK_FALSE(Accepts("ipv4", invalid));
  }
  CHECK(Accepts("ipv4_range", "192.0.2.1-192.0.2.99"));
  CHECK_FALSE(Accepts("ipv4_range", "192.0.2.1-1.2"));
  CHECK_FALSE(Accepts("ipv4_range", "192.0.2.1-"));
}

TEST_CASE("ipv6: addresses with digits and enough groups", "[validators]") {
  for (const char* valid :
       {"2001:db8::1", "fe80::1ff:fe23:4567:890a", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"}) {
    INFO(valid);
    CHECK(Accepts("ipv6", valid));
    CHECK(Accepts("ipv6_any", valid));
  }
  for (const char* invalid : {"::", "a::b", "dead::beef:", "12:34", "2001:db8::1::2", "1::2"}) {
    INFO(invalid);
    CHECK_FALSE(Accepts("ipv6", invalid));
  }
  CHECK_FALSE(Accepts("ipv6_any", "::1"));
  CHECK(Accepts("ipv6_any", "fd00::1"));
  CHECK_FALSE(Accepts("ipv6_any", "::"));
  CHECK(Accepts("ipv6_long", "2001:db8::1"));
  CHECK_FALSE(Accepts("ipv6_long", "20:30:4::50:6"));
}

TEST_CASE("url_credentials: a password that is one", "[validators]") {
  for (const char* valid : {"https://user:pa55@host/x", "postgres://u:p@db", "redis://:s3cret@h"}) {
    INFO(valid);
    CHECK(Accepts("url_credentials", valid));
  }
  for (const char* invalid :
       {"https://user@host", "https://user:@host", "https://user:<password>@host",
        "https://user:$PW@host", "https://user:****@host", "https://u:%s@host", ""}) {
    INFO(invalid);
    CHECK_FALSE(Accepts("url_credentials", invalid));
  }
}

}  // namespace
}  // namespace countersign::text::validators
