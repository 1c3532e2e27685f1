#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/secret.h"

namespace countersign::crypto {

struct SelfSigned {
  std::string certificate_pem;
  SecretString key_pem;  // PKCS #8
};

// A new P-256 key and a certificate of it for a TLS server, signed with that key. `names` are host
// names and IP addresses, at least one. It is no authority (CA:FALSE): who trusts it trusts this
// server alone.
SelfSigned MakeSelfSigned(const std::vector<std::string>& names, absl::Time from, absl::Time until);

}  // namespace countersign::crypto
