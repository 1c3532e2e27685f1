#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/config/fields.h"

// The configuration file of one service process: how it is deployed, not what its policy is.
//
// clang-format off
//   listen: 127.0.0.1:7101            # gRPC with mutual TLS; absent: the process serves none
//   metrics: 127.0.0.1:9464           # /livez, /readyz, /metrics without TLS; or "off"
//   tls: {certificate: tls.crt, key: tls.key, authority: ca.crt}
//   peers: {authn: 127.0.0.1:7102}    # the addresses of the other services
//   database: {conninfo: 'host=db user=cs_policy', passwordFile: pw, connections: 8}
//   secrets: /var/lib/countersign/policy   # the folder of the service's own keys
//   log: {level: info, format: json}
//   drain: {delay: 5s, timeout: 30s}
//   addressesFile: addresses.json     # written when ready: the real addresses, for scripts
//   service: {…}                      # the service's own section
// clang-format on
//
// Relative file names are relative to the configuration file. Unknown fields are mistakes.
namespace countersign::config {

struct TlsFileNames {  // absolute, PEM
  std::string certificate;
  std::string key;
  std::string authority;
};

struct DatabaseConfig {
  SecretString conninfo;  // libpq keywords, password included
  std::size_t connections = 8;
};

struct ServiceConfig {
  std::string listen;                      // HOST:PORT; empty: none
  std::string metrics = "127.0.0.1:9464";  // HOST:PORT; empty: off
  std::optional<TlsFileNames> tls;
  std::map<std::string, std::string> peers;  // service → HOST:PORT
  std::optional<DatabaseConfig> database;
  std::string secrets;  // a folder; may be empty
  std::string log_level = "info";
  std::string log_format = "text";
  absl::Duration drain_delay = absl::Seconds(5);
  absl::Duration drain_timeout = absl::Seconds(30);
  std::string addresses_file;  // may be empty
};

// Reads the mapping `service:` strictly, with bounds and defaults. Called even if the mapping is
// absent. `resolve` makes a file name absolute.
using SectionReader = std::function<void(
    Fields& section, const std::function<std::string(const std::string&)>& resolve)>;

// INVALID_ARGUMENT with one mistake per line; NOT_FOUND when `path` cannot be read. Reads no file
// that the configuration names except passwordFile.
absl::StatusOr<ServiceConfig> LoadServiceConfig(const std::string& path,
                                                const SectionReader& section = nullptr);

// Every field that the file may have, `service:` included, in the order in which they are read.
// Within a list the path has [0].
std::vector<FieldDescription> DescribeServiceConfig(const SectionReader& section);

}  // namespace countersign::config
