#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/http/security/tls_context.h"

namespace countersign::http::security {

// A certificate and its key in two files that may be replaced while a server uses them. Not
// thread-safe.
class ServerCertificate {
 public:
  // The files are PEM; the certificate is a chain, leaf first.
  ServerCertificate(std::string certificate_chain_file, std::string key_file)
      : certificate_file_(std::move(certificate_chain_file)), key_file_(std::move(key_file)) {}

  // A context of the files if their content differs from that of the context returned last,
  // otherwise null. INVALID_ARGUMENT when they cannot be used; after that the next call tries
  // again. (Files that are replaced between two reads do not match and are such a case.)
  absl::StatusOr<TlsContext> LoadIfChanged();

 private:
  std::string certificate_file_;
  std::string key_file_;
  std::string loaded_;  // digest of both contents
};

}  // namespace countersign::http::security
