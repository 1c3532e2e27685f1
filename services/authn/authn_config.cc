#include "services/authn/authn_config.h"

#include <cstdint>

namespace countersign::authn {

AuthnConfig ReadAuthnConfig(config::Fields& section,
                            const std::function<std::string(const std::string&)>& resolve) {
  AuthnConfig config;
  config.threads = static_cast<std::size_t>(
      section.Integer("threads", static_cast<std::int64_t>(config.threads), 1, 64));
  config.queue = static_cast<std::size_t>(
      section.Integer("queue", static_cast<std::int64_t>(config.queue), 1, 65536));
  const std::string admin_key_file = section.String("adminKeyFile");
  if (!admin_key_file.empty()) config.admin_keys.write = resolve(admin_key_file);
  const std::string initial_admin_key_file = section.String("initialAdminKeyFile");
  if (!initial_admin_key_file.empty()) config.admin_keys.read = resolve(initial_admin_key_file);
  const std::string issuer_authority = section.String("issuerAuthority");
  if (!issuer_authority.empty()) config.issuer_authority = resolve(issuer_authority);
  return config;
}

}  // namespace countersign::authn
