#pragma once

#include <string>
#include <vector>

#include "libs/text/detectors/detectors.h"

// The shapes of vendors' secrets, one table per kind of vendor.
namespace countersign::text::detectors {

struct SecretShape {
  const char* name;     // the entity is `secret.` and this
  const char* pattern;  // a fixed prefix first, so that little text is held back
  const char* found;    // as Detector::found
  const char* missed;
  const char* source;  // the vendor's page, or the rule of a public list that names the shape
  enum class Trait {
    kPlain,
    kRandom,  // must look as if a machine chose it: words would fit as well
    kTail,    // what stands before the mark is too common to hold text back for it, and is let go
  } trait = Trait::kPlain;
};

inline constexpr auto kRandom = SecretShape::Trait::kRandom;
inline constexpr auto kTail = SecretShape::Trait::kTail;

// Without a fixed prefix: known only where it is assigned to what one of `words` names. The cases
// are made of `found`, with and without such an assignment.
struct NamedSecretShape {
  const char* name;
  const char* words;
  const char* pattern;
  const char* found;
  const char* source;
};

std::vector<SecretShape> AiSecrets();
std::vector<SecretShape> CloudSecrets();
std::vector<SecretShape> DeveloperSecrets();
std::vector<SecretShape> BusinessSecrets();
std::vector<NamedSecretShape> NamedSecrets();

}  // namespace countersign::text::detectors
