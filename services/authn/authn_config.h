#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "libs/config/fields.h"
#include "services/authn/access_keys/first_admin_keys.h"

namespace countersign::authn {

// Section `service:` of this service's configuration file.
struct AuthnConfig {
  std::size_t threads = 4;   // 1 … 64: for look-ups of access keys
  std::size_t queue = 1024;  // 1 … 65536
  // adminKeyFile, where the first administrator's key is written, and initialAdminKeyFile, from
  // which it is read; empty: neither.
  access_keys::FirstAdminKeys::Files admin_keys;
  std::string issuer_authority;  // PEM; CA for issuers' TLS certificates; empty: the system's CAs
};

// For config::SectionReader. Mistakes are reported through `section`.
AuthnConfig ReadAuthnConfig(config::Fields& section,
                            const std::function<std::string(const std::string&)>& resolve);

}  // namespace countersign::authn
