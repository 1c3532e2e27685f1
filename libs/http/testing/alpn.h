#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

#include "libs/http/security/tls_context.h"

namespace countersign::http::testing {

// From now on servers with this context speak HTTP/1.1 only, and without ALPN.
inline void ServeHttp1Only(const security::TlsContext& tls) {
  SSL_CTX_set_alpn_select_cb(tls->native_handle(), nullptr, nullptr);
}

// From now on the handshake with a client that does not offer h2 fails.
inline void ServeHttp2Only(const security::TlsContext& tls) {
  const auto select = [](SSL*, const unsigned char** selected, unsigned char* size,
                         const unsigned char* offered, unsigned int offered_size, void*) {
    static constexpr unsigned char kHttp2[] = "\x02h2";
    unsigned char* found = nullptr;
    const int result =
        SSL_select_next_proto(&found, size, kHttp2, sizeof(kHttp2) - 1, offered, offered_size);
    *selected = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  };
  SSL_CTX_set_alpn_select_cb(tls->native_handle(), select, nullptr);
}

}  // namespace countersign::http::testing
