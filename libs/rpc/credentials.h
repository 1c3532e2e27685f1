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

// Reads the three files once. FAILED_PRECONDITION, naming the file, when one cannot be read, the
// key does not belong to the certificate, or its SPIFFE id is not `service`'s: gRPC itself would
// accept the files and fail every later handshake.
absl::Status CheckTlsFiles(const TlsFiles& files, absl::string_view service);

// When the leaf in `files.certificate` expires.
absl::StatusOr<absl::Time> CertificateExpiry(const TlsFiles& files);

// Told about every call that the peer rules refuse. Called on a network thread.
using OnDenied = std::function<void(absl::string_view caller, absl::string_view path)>;

// Mutual TLS of one service with the others. The files are watched: a new pair (swapped at once, by
// renaming a folder or a symbolic link) serves new connections within `refresh`, without a restart.
// What it makes may outlive it.
class MutualTls {
 public:
  // REQUIRES: CheckTlsFiles(files, …) is OK.
  explicit MutualTls(const TlsFiles& files, absl::Duration refresh = absl::Seconds(10));

  // A client must present a certificate of `files.authority` with one SPIFFE id of ours in the
  // handshake; and every call of every method is checked against the peer rules (peer_rules.h)
  // before it reaches a service, so there is no method that could forget it. Refused calls get
  // PERMISSION_DENIED; unary calls without a deadline INVALID_ARGUMENT.
  std::shared_ptr<grpc::ServerCredentials> ForServer(OnDenied on_denied = nullptr) const;

  // Connects only to a server whose certificate is of `files.authority` and whose one URI SAN is
  // spiffe://countersign/`service`; host names are not looked at.
  std::shared_ptr<grpc::ChannelCredentials> ForChannelTo(absl::string_view service) const;

 private:
  std::shared_ptr<grpc::experimental::FileWatcherCertificateProvider> provider_;
};

}  // namespace countersign::rpc
