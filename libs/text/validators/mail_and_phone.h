#pragma once

#include "absl/strings/string_view.h"

// Mail addresses and telephone numbers. validators.h has the contract.
namespace countersign::text::validators {

// An address, as opposed to `icon@2x.png`, `pkg@1.2.3-rc.alpha` or a matrix product.
bool IsMailAddress(absl::string_view match);
bool IsInternationalPhone(absl::string_view match);
// Ten digits with an optional country code and extension. Area code and exchange do not start with
// 0 or 1.
bool IsNorthAmericanPhone(absl::string_view match);
bool IsNationalPhone(absl::string_view match);
bool IsAnyPhone(absl::string_view match);
// Not a date, a time in seconds or milliseconds since 1970, a range of years, or a decimal.
bool IsLikelyPhone(absl::string_view match);
// The same in at least three groups.
bool IsGroupedPhone(absl::string_view match);
// An assigned country code of ITU-T E.164 after 00, in groups.
bool IsGroupedInternational(absl::string_view match);

}  // namespace countersign::text::validators
