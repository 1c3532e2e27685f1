#include "libs/http/security/tls_context.h"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

#include "absl/strings/str_cat.h"

namespace countersign::http::security {
namespace {

namespace ssl = boost::asio::ssl;

TlsContext NewContext(ssl::context::method method) {
  auto context = std::make_shared<ssl::context>(method);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

absl::Status Unusable(absl::string_view what, const boost::system::error_code& error) {
  return absl::InvalidArgumentError(absl::StrCat("cannot use ", what, ": ", error.message()));
}

// The protocols of a server, the preferred one first, as ALPN encodes them.
constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";

// A caller that offers other protocols only is served like one without ALPN.
int SelectProtocol(SSL*, const unsigned char** selected, unsigned char* size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, size, kProtocols, sizeof(kProtocols) - 1,
                                           offered, offered_size);
  *selected = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

boost::asio::const_buffer Bytes(const SecretString& pem) {
  return boost::asio::buffer(pem.Reveal().data(), pem.Reveal().size());
}

}  // namespace

absl::StatusOr<TlsContext> ServerTls(const std::string& certificate_chain_file,
                                     const std::string& key_file) {
  TlsContext context = NewContext(ssl::context::tls_server);
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_chain_file, error);
  if (error) return Unusable(certificate_chain_file, error);
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) return Unusable(key_file, error);
  SSL_CTX_set_alpn_select_cb(context->native_handle(), SelectProtocol, nullptr);
  return context;
}

absl::StatusOr<TlsContext> ClientTls(const std::string& ca_file) {
  TlsContext context = NewContext(ssl::context::tls_client);
  boost::system::error_code error;
  if (ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(ca_file, error);
  }
  if (error) return Unusable(ca_file.empty() ? "the system's certificates" : ca_file, error);
  context->set_verify_mode(ssl::verify_peer, error);
  return context;
}

absl::StatusOr<TlsContext> ClientTls(const std::string& ca_file,
                                     const SecretString& certificate_pem,
                                     const SecretString& key_pem) {
  absl::StatusOr<TlsContext> context = ClientTls(ca_file);
  if (!context.ok()) return context;
  boost::system::error_code error;
  (*context)->use_certificate_chain(Bytes(certificate_pem), error);
  if (error) return Unusable("the client certificate", error);
  (*context)->use_private_key(Bytes(key_pem), ssl::context::pem, error);
  if (error) return Unusable("the client key", error);
  return context;
}

}  // namespace countersign::http::security
