#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/secret.h"

namespace boost::asio::ssl {
class context;
}

namespace countersign::http::security {

// TLS 1.2 and 1.3 with OpenSSL's default ciphers. Contexts are immutable and may be shared by
// threads.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// For servers of HTTP/2 and HTTP/1.1, which callers choose with ALPN. INVALID_ARGUMENT names an
// unusable file.
absl::StatusOr<TlsContext> ServerTls(const std::string& certificate_chain_file,
                                     const std::string& key_file);

// Verifies servers against `ca_file` (PEM), or the system's CAs when it is empty.
absl::StatusOr<TlsContext> ClientTls(const std::string& ca_file);

// The same, with a client certificate.
absl::StatusOr<TlsContext> ClientTls(const std::string& ca_file,
                                     const SecretString& certificate_pem,
                                     const SecretString& key_pem);

}  // namespace countersign::http::security
