#pragma once

#include "absl/strings/string_view.h"

// What the values of headers that cross the gateway may look like. No policy judges them and no
// profile masks them, so nothing passes that could carry a sentence, a person's number or a
// credential: a header whose value has none of these shapes is left out. All functions are pure.
namespace countersign::edge::call::headers {

// A number with at most eleven digits before the point, durations ("6m0s", "12ms"), a time as
// RFC 3339 or HTTP writes it.
bool IsQuantity(absl::string_view value);

// Short words joined by punctuation, lists of such: versions, media types, directives, names of
// models and features. A word longer than 12 is lower case; an item of the list has at most eight
// digits; spaces only follow `,` and `;`.
bool IsTokenList(absl::string_view value);

// An identifier that a server made: a UUID, or a known prefix and up to 40 letters and digits
// (`req_0123abcd`), or hexadecimal digits without one. No prefix of a credential is known.
bool IsServerId(absl::string_view value);

// Programs and their versions, as SDKs say them ("OpenAI/Python 1.40.0").
bool IsProduct(absl::string_view value);

// True when a header of this lower-case name may go upstream, or to the caller, with this value.
bool MayGoUpstream(absl::string_view name, absl::string_view value);
bool MayGoToCaller(absl::string_view name, absl::string_view value);

}  // namespace countersign::edge::call::headers
