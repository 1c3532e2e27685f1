#include "services/edge/edge_config.h"

namespace countersign::edge {
namespace {

using Resolve = std::function<std::string(const std::string&)>;

std::string File(config::Fields& fields, absl::string_view name, const Resolve& resolve) {
  const std::string file = fields.String(name);
  return file.empty() ? "" : resolve(file);
}

void ReadListeners(config::Fields& section, const Resolve& resolve,
                   std::vector<http_transport::ListenOn>& listeners) {
  if (!section.Has("listen")) return;
  listeners.clear();
  section.ForEach("listen", [&](const YAML::Node& node, const std::string& path) {
    config::Fields fields(node, path, section.mistakes());
    http_transport::ListenOn listen;
    listen.address = fields.Required("address");
    listen.certificate_file = File(fields, "certificate", resolve);
    listen.key_file = File(fields, "key", resolve);
    if (listen.certificate_file.empty() != listen.key_file.empty()) {
      fields.Mistake("", "needs both certificate and key, or neither");
    }
    listeners.push_back(std::move(listen));
  });
  if (listeners.empty()) section.Mistake("listen", "needs at least one address");
}

void ReadLimits(config::Fields& section, EdgeConfig& config) {
  config::Fields fields = section.Nested("limits");
  const auto read = [&](absl::string_view name, std::size_t& limit, std::int64_t least,
                        std::int64_t most) {
    limit = static_cast<std::size_t>(
        fields.Integer(name, static_cast<std::int64_t>(limit), least, most));
  };
  read("headBytes", config.http.max_head_bytes, 1024, 1 << 20);
  read("headFields", config.http.max_head_fields, 16, 10'000);
  read("bodyBytes", config.http.max_body_bytes, 1024, 32 << 20);  // a message between services
  read("responseBytes", config.calls.max_response_bytes, 1024, 1 << 30);
  read("connections", config.http.max_connections, 16, 1 << 20);
  read("connectionsPerSource", config.http.max_unverified_per_source, 1, 1 << 20);
}

void ReadTimeouts(config::Fields& section, EdgeConfig& config) {
  config::Fields fields = section.Nested("timeouts");
  const auto read = [&](absl::string_view name, absl::Duration& timeout) {
    timeout = fields.Duration(name, timeout, absl::Milliseconds(10), absl::Hours(24));
  };
  read("newConnection", config.http.new_connection_timeout);
  read("head", config.http.head_timeout);
  read("body", config.http.body_timeout);
  read("bodyTotal", config.http.body_total_timeout);
  read("idle", config.http.idle_timeout);
  read("write", config.http.write_timeout);
  read("port", config.calls.port_timeout);
  read("admin", config.admin_timeout);
  read("connect", config.http.connect_timeout);
  read("firstByte", config.http.first_byte_timeout);
  read("upstreamIdle", config.http.upstream_idle_timeout);
}

}  // namespace

EdgeConfig ReadEdgeConfig(config::Fields& section, const Resolve& resolve) {
  EdgeConfig config;
  ReadListeners(section, resolve, config.http.listen);
  config.http.threads = static_cast<std::size_t>(
      section.Integer("threads", static_cast<std::int64_t>(config.http.threads), 1, 256));
  ReadLimits(section, config);
  ReadTimeouts(section, config);
  config.http.upstream_ca_file = File(section, "upstreamAuthority", resolve);
  return config;
}

}  // namespace countersign::edge
