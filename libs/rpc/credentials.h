#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace grpc::experimental {
class FileWatcherCertificateProvider;
}  // namespace grpc::experimental

namespace countersign::rpc {

struct TlsFiles {
  std::string certificate;  // PEM chain, leaf first; exactly one URI SAN: spiffe://countersign/NAME
  std::string key;          // PEM, unencrypted
  std::string authority;    // PEM bundle of the CAs that peers' certificates are checked against
};

// Reads the three files once. FAILED_PRECONDITION names a file that cannot be read, a key that does
// not match its certificate, or a SPIFFE id that is not `service`'s. (gRPC itself would accept such
// files and fail every later handshake.)
absl::Status CheckTlsFiles(const TlsFiles& files, absl::string_view service);

// When the leaf in `files.certificate` expires.
absl::StatusOr<absl::Time> CertificateExpiry(const TlsFiles& files);

// Called on a network thread for every call that the peer rules refuse.
using OnDenied = std::function<void(absl::string_view caller, absl::string_view path)>;

// Mutual TLS between the services. The files are watched: new ones (swapped atomically, by renaming
// a folder or a symbolic link) are used for new connections within `refresh`, without a restart.
// The returned credentials may outlive this object.
class MutualTls {
 public:
  // REQUIRES: CheckTlsFiles(files, …) is OK.
  explicit MutualTls(const TlsFiles& files, absl::Duration refresh = absl::Seconds(10));

  // Clients must present a certificate of `files.authority` with exactly one SPIFFE id of our trust
  // domain during the handshake. Every call of every method is checked against the peer rules
  // (peer_rules.h) before it reaches a service. Refused calls get PERMISSION_DENIED; unary calls
  // without a deadline INVALID_ARGUMENT.
  std::shared_ptr<grpc::ServerCredentials> ForServer(OnDenied on_denied = nullptr) const;

  // Connects only to servers with a certificate of `files.authority` whose only URI SAN is
  // spiffe://countersign/`service`; host names are not checked.
  std::shared_ptr<grpc::ChannelCredentials> ForChannelTo(absl::string_view service) const;

 private:
  std::shared_ptr<grpc::experimental::FileWatcherCertificateProvider> provider_;
};

}  // namespace countersign::rpc
