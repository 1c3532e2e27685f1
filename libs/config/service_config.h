#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/config/fields.h"

// The configuration file of one service process: deployment, not policy.
//
//   listen: 127.0.0.1:7101            # gRPC with mutual TLS; absent: the process serves none
//   metrics: 127.0.0.1:9464           # /livez, /readyz, /metrics in the clear; "off"
//   tls: {certificate: tls.crt, key: tls.key, authority: ca.crt}
//   peers: {authn: 127.0.0.1:7102}    # where the other services are
//   database: {conninfo: 'host=db dbname=countersign user=cs_policy', passwordFile: pw,
//   connections: 8} secrets: /var/lib/countersign/policy   # folder of the service's own keys log:
//   {level: info, format: json} drain: {delay: 5s, timeout: 30s} addressesFile: addresses.json #
//   written when ready: the real addresses, for tests and scripts service: {…} # what only this
//   service knows
//
// Relative file names are relative to the configuration file. Unknown fields are mistakes.
namespace countersign::config {

struct TlsFileNames {
  std::string certificate;
  std::string key;
  std::string authority;
};

struct DatabaseConfig {
  SecretString conninfo;  // libpq keywords, password included
  std::size_t connections = 8;
};

struct ServiceConfig {
  std::string listen;
  std::string metrics = "127.0.0.1:9464";  // empty: off
  std::optional<TlsFileNames> tls;
  std::map<std::string, std::string> peers;
  std::optional<DatabaseConfig> database;
  std::string secrets;
  std::string log_level = "info";
  std::string log_format = "text";
  absl::Duration drain_delay = absl::Seconds(5);
  absl::Duration drain_timeout = absl::Seconds(30);
  std::string addresses_file;
};

// Reads the mapping `service:` strictly, with bounds and defaults on its fields; called also when
// it is absent. `resolve` makes a file name absolute.
using SectionReader = std::function<void(
    Fields& section, const std::function<std::string(const std::string&)>& resolve)>;

// INVALID_ARGUMENT with every mistake, one per line; NOT_FOUND when `path` cannot be read. Files
// that the configuration names are read here only if they hold secrets (passwordFile).
absl::StatusOr<ServiceConfig> LoadServiceConfig(const std::string& path,
                                                const SectionReader& section = nullptr);

}  // namespace countersign::config
