#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/http/address.h"
#include "libs/http/http2/http2_options.h"
#include "libs/http/security/tls_context.h"

namespace countersign::http {

inline constexpr absl::string_view kUnreachable = "upstream_unreachable";
inline constexpr absl::string_view kProtocol = "upstream_protocol";

struct ClientOptions {
  security::TlsContext tls;  // from security::ClientTls; null: https is not available
  std::string ca_file;       // CA file for targets with a client certificate
  absl::Duration connect_timeout = absl::Seconds(5);  // resolving, connecting, handshake
  absl::Duration first_byte_timeout = absl::Seconds(600);
  absl::Duration idle_timeout = absl::Seconds(300);  // between two reads of a response
  absl::Duration write_timeout = absl::Seconds(60);
  std::size_t max_head_bytes = 64u << 10;
  std::size_t max_head_fields = 256;
  std::size_t max_interim_responses = 16;  // 100, 103: before the response
  // A larger content-length is refused before the parser reserves it. For a body without one, the
  // reader must count.
  std::uint64_t max_content_length = 64u << 20;
  std::size_t max_idle_per_origin = 64;  // HTTP/1.1
  // How long an unused connection of HTTP/1.1 is kept. Shorter than servers commonly allow (5 s),
  // because a request sent into a closing connection is lost and is not repeated.
  absl::Duration keep_idle = absl::Seconds(4);
  absl::Duration keep_idle_tls = absl::Seconds(30);
  http2::Http2ClientOptions http2;
};

enum class Version {
  kNegotiated,  // over TLS what the upstream prefers (ALPN), without TLS HTTP/1.1
  kHttp1,
  kHttp2,  // without TLS with prior knowledge
};

// The destination of a request.
struct Target {
  Origin origin;
  bool allow_private = false;  // addresses written literally in the URL are always allowed
  SecretString client_certificate_pem;
  SecretString client_key_pem;
  Version version = Version::kNegotiated;
};

// An upstream's answer that breaks the protocol: UNAVAILABLE with the reason kProtocol.
absl::Status MalformedAnswer(absl::string_view why);

}  // namespace countersign::http
