#pragma once

#include "absl/strings/string_view.h"

// Mail addresses and telephone numbers. validators.h has the contract.
namespace countersign::text::validators {

// An address, rather than `icon@2x.png`, `pkg@1.2.3-rc.alpha` or a matrix product.
bool IsMailAddress(absl::string_view match);
bool IsInternationalPhone(absl::string_view match);
// Ten digits with or without the country code, and an extension. Area and exchange do not begin
// with 0 or 1.
bool IsNorthAmericanPhone(absl::string_view match);
bool IsNationalPhone(absl::string_view match);
bool IsAnyPhone(absl::string_view match);
// No date, no moment in seconds or milliseconds since 1970, no years, no decimals.
bool IsLikelyPhone(absl::string_view match);
// ITU-T E.164 assigned country codes, behind 00 and in groups.
bool IsGroupedInternational(absl::string_view match);

}  // namespace countersign::text::validators
