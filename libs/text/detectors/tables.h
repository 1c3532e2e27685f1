#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/detectors/detectors.h"

// The tables behind detectors.h, and what they are written with. Every function is pure.
namespace countersign::text::detectors {

std::vector<Detector> PaymentDetectors();
std::vector<Detector> CryptoAddressDetectors();
std::vector<Detector> IdentityUsDetectors();
std::vector<Detector> MailAndPhoneDetectors();
std::vector<Detector> NetworkDetectors();
std::vector<Detector> CredentialDetectors();
std::vector<Detector> SecretDetectors();  // of vendors
std::vector<Detector> CommonwealthDetectors();
std::vector<Detector> EuropeanDetectors();
std::vector<Detector> WorldDetectors();
std::vector<Detector> ContextualDetectors();  // tier 3

// Appends `detectors` as those of tier 2 that `pack.<pack>` names.
void AppendPack(absl::string_view pack, std::vector<Detector> detectors,
                std::vector<Detector>& all);

// A gate on any of `words`, which are separated by spaces and in lower case; `_` joins those of a
// phrase.
redaction::ContextGate Near(absl::string_view words);

// A gate on an assignment to a name with one of `words` in it.
redaction::ContextGate AssignedTo(absl::string_view words);

// A gate on one of `words` close by: `words` may be followed by `is`, `number`, marks and the like.
redaction::ContextGate Beside(absl::string_view words);

// Neighbours that would make a number part of a longer one.
inline constexpr regex::ByteSet kWordOrDot = regex::ByteSet::Word() | regex::ByteSet::Of(".");
inline constexpr regex::ByteSet kWordOrDash = regex::ByteSet::Word() | regex::ByteSet::Of("-");
inline constexpr regex::ByteSet kAnyNeighbour;

}  // namespace countersign::text::detectors
