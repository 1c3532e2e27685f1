#include "libs/rpc/credentials.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/secret.h"
#include "libs/base/status.h"
#include "libs/crypto/certificate.h"
#include "libs/rpc/peer_rules.h"

namespace countersign::rpc {
namespace {

absl::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::FailedPreconditionError(absl::StrCat(path, ": cannot be read"));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The service named in a peer's certificate: exactly one URI SAN, in our trust domain.
template <typename Names>
std::string PeerName(const Names& uri_names) {
  return uri_names.size() == 1 ? ServiceFromSpiffeId(View(uri_names.front())) : "";
}

class PeerVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  // `service` is the expected server; empty: any service of ours.
  explicit PeerVerifier(std::string service) : service_(std::move(service)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* sync_status) override {
    const std::string peer = PeerName(request->uri_names());
    if (peer.empty() || (!service_.empty() && peer != service_)) {
      *sync_status = grpc::Status(
          grpc::StatusCode::UNAUTHENTICATED,
          absl::StrCat("the peer's certificate does not name ",
                       service_.empty() ? "a service of countersign" : SpiffeId(service_)));
    }
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string service_;
};

// Runs before every network call of every method.
class PeerRulesProcessor final : public grpc::AuthMetadataProcessor {
 public:
  explicit PeerRulesProcessor(OnDenied on_denied) : on_denied_(std::move(on_denied)) {}

  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const std::string caller =
        PeerName(context->FindPropertyValues(GRPC_PEER_SPIFFE_ID_PROPERTY_NAME));
    const auto path = metadata.find(":path");
    const absl::string_view method = path == metadata.end() ? "" : View(path->second);
    if (!PeerMayCall(caller, method)) {
      if (on_denied_) on_denied_(caller, method);
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                          absl::StrCat("this service may not call ", method));
    }
    if (NeedsDeadline(method) && metadata.count("grpc-timeout") == 0) {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "a call needs a deadline");
    }
    return grpc::Status::OK;
  }

 private:
  const OnDenied on_denied_;
};

template <typename Options>
void Configure(Options& options, std::string service) {
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_check_call_host(false);  // Peers are known by SPIFFE id, not by host name.
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<PeerVerifier>(std::move(service)));
}

}  // namespace

absl::Status CheckTlsFiles(const TlsFiles& files, absl::string_view service) {
  CS_ASSIGN_OR_RETURN(const std::string certificate_pem, ReadFile(files.certificate));
  CS_ASSIGN_OR_RETURN(std::string key_pem, ReadFile(files.key));
  CS_ASSIGN_OR_RETURN(const std::string authority_pem, ReadFile(files.authority));
  const auto fail = [](const std::string& file, absl::string_view what) {
    return absl::FailedPreconditionError(absl::StrCat(file, ": ", what));
  };
  const auto certificate = crypto::ReadCertificate(certificate_pem);
  if (!certificate.ok()) return fail(files.certificate, certificate.status().message());
  const auto pair = crypto::CheckKeyPair(certificate_pem, SecretString(std::move(key_pem)));
  if (!pair.ok()) return fail(files.key, pair.message());
  const auto authority = crypto::ReadCertificate(authority_pem);
  if (!authority.ok()) return fail(files.authority, authority.status().message());
  const std::string id = SpiffeId(service);
  if (certificate->uri_names.size() != 1 || certificate->uri_names.front() != id) {
    return fail(files.certificate, absl::StrCat("its one URI name must be ", id));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> CertificateExpiry(const TlsFiles& files) {
  CS_ASSIGN_OR_RETURN(const std::string pem, ReadFile(files.certificate));
  CS_ASSIGN_OR_RETURN(const crypto::Certificate certificate, crypto::ReadCertificate(pem));
  return certificate.not_after;
}

MutualTls::MutualTls(const TlsFiles& files, absl::Duration refresh)
    : provider_(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.key, files.certificate, files.authority,
          static_cast<unsigned>(absl::ToInt64Seconds(refresh)))) {}

std::shared_ptr<grpc::ServerCredentials> MutualTls::ForServer(OnDenied on_denied) const {
  grpc::experimental::TlsServerCredentialsOptions options(provider_);
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  Configure(options, "");
  auto credentials = grpc::experimental::TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(std::make_shared<PeerRulesProcessor>(std::move(on_denied)));
  return credentials;
}

std::shared_ptr<grpc::ChannelCredentials> MutualTls::ForChannelTo(absl::string_view service) const {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(provider_);
  Configure(options, std::string(service));
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace countersign::rpc
