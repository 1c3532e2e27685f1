#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/crypto/public_key.h"

namespace countersign::crypto {

// The properties of an X.509 certificate that this project uses.
struct Certificate {
  std::vector<std::string> uri_names;  // URI subject alternative names
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // as inet_ntop writes them
  absl::Time not_before;
  absl::Time not_after;
};

// The first certificate in a PEM text. INVALID_ARGUMENT when there is no readable one.
absl::StatusOr<Certificate> ReadCertificate(absl::string_view pem);

// The public key of one DER certificate, of which nothing else is checked. INVALID_ARGUMENT when it
// cannot be read, and for keys that PublicKey refuses.
absl::StatusOr<PublicKey> ReadCertificateKey(absl::string_view der);

// Discards the errors that OpenSSL has queued on this thread. For code that calls a library which
// leaves some: they would look like errors of the thread's next TLS connection.
void ClearErrorQueue();

// OK when `key_pem` is the private key of the first certificate in `certificate_pem`.
// INVALID_ARGUMENT says which of them cannot be read, or that they do not match.
absl::Status CheckKeyPair(absl::string_view certificate_pem, const SecretString& key_pem);

}  // namespace countersign::crypto
