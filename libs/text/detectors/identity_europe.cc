#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/europe_checks.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

const regex::ByteSet kBeside = kWordOrDash | kWordOrDot;

// A number of digits alone that only its context tells from others.
Detector Gated(const char* entity, const char* pattern, Check check, const char* words,
               const char* source, std::vector<std::string> found,
               std::vector<std::string> missed) {
  return {.entity = entity,
          .pattern = pattern,
          .left_forbidden = kBeside,
          .right_forbidden = kWordOrDash,
          .check = std::move(check),
          .priority = 12,
          .context = Near(words),
          .source = source,
          .found = std::move(found),
          .missed = std::move(missed)};
}

// A shape and check strong enough to stand alone.
Detector Plain(const char* entity, const char* pattern, Check check, const char* source,
               std::vector<std::string> found, std::vector<std::string> missed) {
  return Gated(entity, pattern, std::move(check), "", source, std::move(found), std::move(missed));
}

std::vector<Detector> German() {
  const Check tax{"de_tax_id", IsGermanTaxId};
  return {
      Plain("de_tax_id", R"(\d{2} \d{3} \d{3} \d{3})", tax, "BZSt, IdNr: ISO 7064 mod 11,10",
            {"36 574 261 809"}, {"36 574 261 808", "11 111 111 111"}),
      Gated("de_tax_id", R"(\d{11})", tax,
            "steuer steuerid steuernummer idnr identifikationsnummer tin tax "
            "steueridentifikationsnummer",
            "the same, unseparated", {"Steuer-ID: [[36574261809]]", "IdNr. [[36574261809]]"},
            {"36574261809", "IdNr 36574261808"}),
      Plain("de_vat_id", R"(DE ?\d{3} ?\d{3} ?\d{3})", {"mod11_10", PassesMod11_10},
            "BZSt, USt-IdNr.: ISO 7064 mod 11,10", {"DE136695976", "DE 136 695 976"},
            {"DE136695978", "XDE136695976"}),
      Gated("de_id_card", "[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}[0-9]D?",
            {"icao_731", IsGermanIdCard},
            "personalausweis personalausweisnummer ausweis ausweisnummer pass reisepass perso "
            "id_card "
            "identity_card",
            "Personalausweisverordnung; ICAO 9303 check digit",
            {"Personalausweis [[T220001293]]", "Ausweisnummer: [[L01X00T471]]"},
            {"T220001293", "Ausweis T220001294"}),
  };
}

std::vector<Detector> French() {
  return {
      Plain("fr_nir", R"([1-478] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2})",
            {"fr_nir", IsFrenchNir}, "INSEE, numéro d'inscription au répertoire: key 97 - n mod 97",
            {"2 95 10 99 126 111 93", "295109912611193", "253072B07300470"},
            {"2 95 10 99 126 111 94", "295139912611193"}),
  };
}

std::vector<Detector> Spanish() {
  const Check letter{"es_nif", IsSpanishNif};
  return {
      Plain("es_nif", R"(\d{8}-?[A-HJ-NP-TV-Z])", letter,
            "Real Decreto 1553/2005: letter by modulus 23", {"54362315K", "12345678-Z"},
            {"54362315Z", "12345678A"}),
      Gated("es_nif", R"(\d{2}\.\d{3}\.\d{3}-?[A-HJ-NP-TV-Z]|(?i)\d{8}[ -]?[A-Z])", letter,
            "dni nif documento identidad", "the same, as people write it",
            {"DNI [[54.362.315-K]]", "dni: [[54362315k]]"}, {"54362315k"}),
      Plain("es_nie", R"((?i)[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z])", letter,
            "Orden INT/2058/2008: letter by modulus 23", {"X2482300W", "X-2482300-W", "x2482300w"},
            {"X2482300A", "W2482300W"}),
  };
}

std::vector<Detector> Italian() {
  return {
      Plain("it_fiscal_code",
            "(?i)[A-Z]{3} ?[A-Z]{3} ?[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2} "
            "?[A-Z][0-9LMNP-V]{3}[A-Z]",
            {"it_fiscal_code", Compact<IsItalianFiscalCode>},
            "Decreto ministeriale 23 December 1976",
            {"RCCMNL83S18D969H", "rccmnl83s18d969h", "RCC MNL 83S18 D969H"},
            {"RCCMNL83S18D969A", "RCCMNL83X18D969H"}),
      Plain("it_vat", R"(IT ?\d{11})", {"luhn", IsItalianVat}, "Agenzia delle Entrate, partita IVA",
            {"IT00743110157", "IT 00743110157"}, {"IT00743110158"}),
      Gated("it_vat", R"(\d{11})", {"luhn", IsItalianVat}, "iva piva p_iva partita vat fiscale",
            "the same, without the country", {"P.IVA [[00743110157]]"}, {"00743110157"}),
  };
}

std::vector<Detector> Iberian() {
  return {Gated("pt_nif", R"(\d{3} ?\d{3} ?\d{3})", {"pt_nif", IsPortugueseNif},
                "nif contribuinte nipc fiscal", "Autoridade Tributária: modulus 11",
                {"NIF [[501 964 843]]", "contribuinte: [[501964843]]"},
                {"501964843", "NIF 501964842"})};
}

std::vector<Detector> Polish() {
  return {Gated("pl_pesel", R"(\d{11})", {"pl_pesel", IsPesel}, "pesel",
                "Ustawa o ewidencji ludności: weights 1-3-7-9 and the date",
                {"PESEL: [[44051401359]]"}, {"44051401359", "PESEL 44051401358"})};
}

std::vector<Detector> Benelux() {
  return {
      Gated("nl_bsn", R"(\d{9}|\d{4}\.\d{2}\.\d{3}|\d{3} \d{3} \d{3})", {"nl_bsn", IsBsn},
            "bsn burgerservicenummer sofi sofinummer",
            "Rijksdienst voor Identiteitsgegevens: 11-proef",
            {"BSN: [[111222333]]", "bsn [[1112.22.333]]"}, {"111222333", "BSN 111222334"}),
  };
}

std::vector<Detector> Belgian() {
  return {
      Plain("be_national_number", R"(\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2})",
            {"be_national_number", IsBelgianNumber}, "Rijksregister: 97 - n mod 97",
            {"85.07.30-033.28"}, {"85.07.30-033.29", "85.13.30-033.28"}),
      Gated("be_national_number", R"(\d{6} ?\d{3} ?\d{2}|\d{2} \d{2} \d{2} \d{3} \d{2})",
            {"be_national_number", IsBelgianNumber},
            "rijksregister rijksregisternummer insz niss registre national nn",
            "the same, as people write it", {"NISS [[85073003328]]"}, {"85073003328"}),
  };
}

std::vector<Detector> Nordic(absl::string_view country) {
  if (country == "se") {
    return {
        Plain("se_personnummer", R"((?:19|20)?\d{6}[-+]\d{4})", {"se_personnummer", IsPersonnummer},
              "Skatteverket SKV 704: date and Luhn", {"880320-0016", "19880320-0016"},
              {"880320-0017", "881320-0016"}),
        Gated("se_personnummer", R"((?:19|20)?\d{10})", {"se_personnummer", IsPersonnummer},
              "personnummer samordningsnummer pnr", "the same, unseparated",
              {"personnummer [[8803200016]]"}, {"8803200016"}),
    };
  }
  if (country == "fi") {
    return {Plain("fi_hetu", R"((?i)\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y])",
                  {"fi_hetu", InAnyCase<IsHetu>},
                  "Digi- ja väestötietovirasto: date and modulus 31",
                  {"131052-308T", "131052A308T", "131052-308t"}, {"131052-308U", "321052-308T"})};
  }
  if (country == "dk") {
    return {Gated("dk_cpr", R"(\d{6}[- ]?\d{4})", {"dk_cpr", IsCpr}, "cpr personnummer cprnr",
                  "CPR-kontoret: the date; modulus 11 is not used since 2007",
                  {"CPR: [[211062-5629]]", "cpr [[2110625629]]"},
                  {"211062-5629", "CPR 321062-5629"})};
  }
  return {Plain("no_fodselsnummer", R"(\d{6} ?\d{5})", {"no_fodselsnummer", IsFodselsnummer},
                "Skatteetaten: date and two modulus 11 digits", {"15108695088", "151086 95088"},
                {"15108695089", "15138695088"})};
}

std::vector<Detector> Swiss() {
  return {Plain("ch_ahv", R"(756\.?\d{4}\.?\d{4}\.?\d{2})", {"ean13", IsEan13},
                "Zentrale Ausgleichsstelle, AHV number: EAN-13",
                {"756.9217.0769.85", "7569217076985"}, {"756.9217.0769.86"})};
}

}  // namespace

std::vector<Detector> EuropeanDetectors() {
  std::vector<Detector> all;
  AppendPack("de", German(), all);
  AppendPack("fr", French(), all);
  AppendPack("es", Spanish(), all);
  AppendPack("it", Italian(), all);
  AppendPack("pt", Iberian(), all);
  AppendPack("pl", Polish(), all);
  AppendPack("nl", Benelux(), all);
  AppendPack("be", Belgian(), all);
  AppendPack("ch", Swiss(), all);
  for (const char* country : {"se", "fi", "dk", "no"}) AppendPack(country, Nordic(country), all);
  return all;
}

}  // namespace countersign::text::detectors
