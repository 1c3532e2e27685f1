#pragma once

#include <functional>
#include <string>

#include "libs/config/fields.h"
#include "services/edge/edge.h"

namespace countersign::edge {

// Section `service:` of the edge's configuration file. Mistakes are reported through `section`.
// Absent fields keep EdgeConfig's defaults.
//
//   listen: [{address: 0.0.0.0:8443, certificate: tls.crt, key: tls.key}]
//   threads: 2
//   limits: {headBytes: 65536, headFields: 100, bodyBytes: 33554432, responseBytes: 67108864,
//           connections: 16384, connectionsPerSource: 1024,
//           http2: {streams: 128, streamWindow: 262144, connectionWindow: 1048576,
//                   continuations: 16},
//           upstreamHttp2: {offered: true, streams: 100, connections: 32, streamWindow: 131072}}
//   timeouts: {newConnection: 10s, head: 30s, body: 60s, bodyTotal: 5m, idle: 620s, write: 300s,
//              port: 10s, admin: 60s, connect: 5s, firstByte: 600s, upstreamIdle: 300s,
//              upstreamHttp2Idle: 60s, upstreamPingAfter: 30s, upstreamPingAgain: 5m,
//              upstreamPing: 15s}
//   upstreamAuthority: ca.pem
EdgeConfig ReadEdgeConfig(config::Fields& section,
                          const std::function<std::string(const std::string&)>& resolve);

// A section that ReadEdgeConfig reads as `config`, with every field written out, as YAML whose
// lines begin with `indent`. Ends with a newline.
std::string WriteEdgeConfig(const EdgeConfig& config, const std::string& indent);

}  // namespace countersign::edge
