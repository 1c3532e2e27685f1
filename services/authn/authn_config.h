#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "libs/config/fields.h"

namespace countersign::authn {

// What only this service knows: `service:` of its configuration file.
struct AuthnConfig {
  std::size_t threads = 4;       // 1 … 64: look access keys up
  std::size_t queue = 1024;      // 1 … 65536
  std::string admin_key_file;    // the first administrator's key is written here; empty: nowhere
  std::string issuer_authority;  // PEM: who signs issuers' certificates; empty: the system's
};

// For config::SectionReader. Mistakes are reported through `section`.
AuthnConfig ReadAuthnConfig(config::Fields& section,
                            const std::function<std::string(const std::string&)>& resolve);

}  // namespace countersign::authn
