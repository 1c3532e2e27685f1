#pragma once

#include "absl/strings/string_view.h"

// European identifiers. validators.h has the contract.
namespace countersign::text::validators {

bool IsGermanTaxId(absl::string_view match);
bool IsGermanIdCard(absl::string_view match);
bool IsFrenchNir(absl::string_view match);
bool IsSpanishNif(absl::string_view match);  // of citizens and of foreigners
bool IsItalianFiscalCode(absl::string_view match);
bool IsItalianVat(absl::string_view match);
bool IsPortugueseNif(absl::string_view match);
bool IsPesel(absl::string_view match);
bool IsBsn(absl::string_view match);
bool IsBelgianNumber(absl::string_view match);
bool IsPersonnummer(absl::string_view match);
bool IsHetu(absl::string_view match);
bool IsCpr(absl::string_view match);
bool IsFodselsnummer(absl::string_view match);
bool IsEan13(absl::string_view match);

}  // namespace countersign::text::validators
