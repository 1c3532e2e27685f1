#include "services/edge/edge_config.h"

#include <catch2/catch.hpp>

#include "libs/config/service_config.h"
#include "libs/config/testing/read_fields.h"

namespace countersign::edge {
namespace {

struct Reading {
  EdgeConfig config;
  std::string mistakes;
};

Reading Read(const std::string& yaml) {
  Reading reading;
  reading.mistakes = config::testing::ReadFields(yaml, "service", [&](config::Fields& fields) {
    reading.config =
        ReadEdgeConfig(fields, [](const std::string& name) { return "/etc/edge/" + name; });
  });
  return reading;
}

TEST_CASE("ReadEdgeConfig: an absent section gives the defaults", "[edge][config]") {
  const Reading reading = Read("");
  CHECK(reading.mistakes.empty());
  REQUIRE(reading.config.http.listen.size() == 1);
  CHECK(reading.config.http.listen[0].address == EdgeConfig().http.listen[0].address);
  CHECK(reading.config.http.max_body_bytes == EdgeConfig().http.max_body_bytes);
}

TEST_CASE("ReadEdgeConfig: everything is read", "[edge][config]") {
  const Reading reading = Read(R"(
listen:
  - {address: 0.0.0.0:8080}
  - {address: 0.0.0.0:8443, certificate: tls.crt, key: tls.key}
threads: 7
limits: {headBytes: 2048, headFields: 50, bodyBytes: 4096, responseBytes: 8192, connections: 99,
         connectionsPerSource: 9,
         http2: {streams: 5, streamWindow: 70000, connectionWindow: 80000, continuations: 3},
         upstreamHttp2: {offered: false, streams: 6, connections: 7, streamWindow: 90000}}
timeouts: {newConnection: 4s, port: 3s, firstByte: 90s, bodyTotal: 7m, upstreamHttp2Idle: 8s,
           upstreamPingAfter: 9s, upstreamPingAgain: 10m, upstreamPing: 11s}
upstreamAuthority: ca.pem
)");
  CHECK(reading.mistakes.empty());
  const EdgeConfig& config = reading.config;
  REQUIRE(config.http.listen.size() == 2);
  CHECK(config.http.listen[0].certificate_file.empty());
  CHECK(config.http.listen[1].address == "0.0.0.0:8443");
  CHECK(config.http.listen[1].certificate_file == "/etc/edge/tls.crt");
  CHECK(config.http.listen[1].key_file == "/etc/edge/tls.key");
  CHECK(config.http.threads == 7);
  CHECK(config.http.max_head_bytes == 2048);
  CHECK(config.http.max_head_fields == 50);
  CHECK(config.http.max_connections == 99);
  CHECK(config.http.max_unverified_per_source == 9);
  CHECK(config.http.new_connection_timeout == absl::Seconds(4));
  CHECK(config.http.max_body_bytes == 4096);
  CHECK(config.calls.max_response_bytes == 8192);
  CHECK(config.calls.port_timeout == absl::Seconds(3));
  CHECK(config.http.first_byte_timeout == absl::Seconds(90));
  CHECK(config.http.body_total_timeout == absl::Minutes(7));
  CHECK(config.http.idle_timeout == EdgeConfig().http.idle_timeout);
  CHECK(config.http.http2.max_streams == 5);
  CHECK(config.http.http2.stream_window == 70'000);
  CHECK(config.http.http2.connection_window == 80'000);
  CHECK(config.http.http2.max_continuations == 3);
  CHECK_FALSE(config.http.upstream_http2.offered);
  CHECK(config.http.upstream_http2.max_streams == 6);
  CHECK(config.http.upstream_http2.max_connections == 7);
  CHECK(config.http.upstream_http2.stream_window == 90'000);
  CHECK(config.http.upstream_http2.keep_idle == absl::Seconds(8));
  CHECK(config.http.upstream_http2.ping_after == absl::Seconds(9));
  CHECK(config.http.upstream_http2.ping_again == absl::Minutes(10));
  CHECK(config.http.upstream_http2.ping_timeout == absl::Seconds(11));
  CHECK(config.http.upstream_ca_file == "/etc/edge/ca.pem");
}

TEST_CASE("WriteEdgeConfig: what it writes is read as the same", "[edge][config]") {
  for (const std::string& yaml : {std::string(), std::string(R"(
listen: [{address: '[::1]:8080'}, {address: 0.0.0.0:8443, certificate: it's.crt, key: tls.key}]
threads: 7
limits: {headBytes: 2048, headFields: 50, bodyBytes: 4096, responseBytes: 8192, connections: 99,
         connectionsPerSource: 9,
         http2: {streams: 5, streamWindow: 70000, connectionWindow: 80000, continuations: 3},
         upstreamHttp2: {offered: false, streams: 6, connections: 7, streamWindow: 90000}}
timeouts: {newConnection: 1s, head: 2s, body: 3s, bodyTotal: 4m, idle: 5s, write: 6s, port: 7s,
           admin: 8s, connect: 9s, firstByte: 10s, upstreamIdle: 11s, upstreamHttp2Idle: 12s,
           upstreamPingAfter: 13s, upstreamPingAgain: 14m, upstreamPing: 150ms}
upstreamAuthority: ca.pem
)")}) {
    const EdgeConfig config = Read(yaml).config;
    const std::string written = WriteEdgeConfig(config, "  ");
    Reading again;
    again.mistakes = config::testing::ReadFields(written, "service", [&](config::Fields& fields) {
      again.config = ReadEdgeConfig(fields, [](const std::string& name) { return name; });
    });
    CHECK(again.mistakes.empty());
    CHECK(WriteEdgeConfig(again.config, "  ") == written);
    CHECK(again.config.http.listen.size() == config.http.listen.size());
    CHECK(again.config.http.listen.back().certificate_file ==
          config.http.listen.back().certificate_file);
    CHECK(again.config.calls.max_response_bytes == config.calls.max_response_bytes);
    CHECK(again.config.http.upstream_http2.ping_timeout == config.http.upstream_http2.ping_timeout);
    CHECK(again.config.http.upstream_ca_file == config.http.upstream_ca_file);
  }
}

TEST_CASE("WriteEdgeConfig: leaves out no field of the reader", "[edge][config]") {
  EdgeConfig config;
  config.http.listen = {{"127.0.0.1:1", "a", "b"}};
  config.http.upstream_ca_file = "c";
  const std::string written = WriteEdgeConfig(config, "");
  const auto fields = config::DescribeServiceConfig(
      [](config::Fields& section, const auto& resolve) { (void)ReadEdgeConfig(section, resolve); });
  for (const config::FieldDescription& field : fields) {
    if (field.path.rfind("service.", 0) != 0) continue;
    const std::string leaf = field.path.substr(field.path.rfind('.') + 1);
    INFO(field.path);
    CHECK(written.find(leaf.substr(0, leaf.find('['))) != std::string::npos);
  }
}

TEST_CASE("ReadEdgeConfig: a listener with half a certificate is a mistake", "[edge][config]") {
  CHECK_THAT(Read("listen: [{address: '127.0.0.1:1', certificate: tls.crt}]").mistakes,
             Catch::Contains("needs both certificate and key"));
}

TEST_CASE("ReadEdgeConfig: out of bounds and unknown fields are mistakes", "[edge][config]") {
  CHECK_FALSE(Read("limits: {bodyBytes: 1000000000}").mistakes.empty());
  CHECK_FALSE(Read("threads: 0").mistakes.empty());
  CHECK_FALSE(Read("listen: []").mistakes.empty());
  CHECK_FALSE(Read("timeouts: {prot: 3s}").mistakes.empty());
}

}  // namespace
}  // namespace countersign::edge
