#include "services/edge/edge_config.h"

namespace countersign::edge {
namespace {

using Resolve = std::function<std::string(const std::string&)>;

std::string File(config::Fields& fields, absl::string_view name, const Resolve& resolve) {
  const std::string file = fields.String(name);
  return file.empty() ? "" : resolve(file);
}

void ReadListeners(config::Fields& section, const Resolve& resolve, EdgeConfig& config) {
  if (!section.Has("listen")) return;
  config.listen.clear();
  section.ForEach("listen", [&](const YAML::Node& node, const std::string& path) {
    config::Fields fields(node, path, section.mistakes());
    ListenOn listen;
    listen.address = fields.Required("address");
    listen.certificate_file = File(fields, "certificate", resolve);
    listen.key_file = File(fields, "key", resolve);
    if (listen.certificate_file.empty() != listen.key_file.empty()) {
      fields.Mistake("", "needs both certificate and key, or neither");
    }
    config.listen.push_back(std::move(listen));
  });
  if (config.listen.empty()) section.Mistake("listen", "needs at least one address");
}

void ReadLimits(config::Fields& section, EdgeConfig& config) {
  config::Fields fields(section.Child("limits"), section.Path("limits"), section.mistakes());
  const auto read = [&](absl::string_view name, std::size_t& bytes, std::int64_t most) {
    bytes = static_cast<std::size_t>(
        fields.Integer(name, static_cast<std::int64_t>(bytes), 1024, most));
  };
  read("headBytes", config.max_head_bytes, 1 << 20);
  read("bodyBytes", config.max_body_bytes, 32 << 20);  // what fits a message between services
  read("responseBytes", config.max_response_bytes, 1 << 30);
}

void ReadTimeouts(config::Fields& section, EdgeConfig& config) {
  config::Fields fields(section.Child("timeouts"), section.Path("timeouts"), section.mistakes());
  const auto read = [&](absl::string_view name, absl::Duration& timeout) {
    timeout = fields.Duration(name, timeout, absl::Milliseconds(10), absl::Hours(24));
  };
  read("head", config.head_timeout);
  read("body", config.body_timeout);
  read("bodyTotal", config.body_total_timeout);
  read("idle", config.idle_timeout);
  read("write", config.write_timeout);
  read("port", config.port_timeout);
  read("admin", config.admin_timeout);
  read("connect", config.connect_timeout);
  read("firstByte", config.first_byte_timeout);
  read("upstreamIdle", config.upstream_idle_timeout);
}

}  // namespace

EdgeConfig ReadEdgeConfig(config::Fields& section, const Resolve& resolve) {
  EdgeConfig config;
  ReadListeners(section, resolve, config);
  config.threads = static_cast<std::size_t>(
      section.Integer("threads", static_cast<std::int64_t>(config.threads), 1, 256));
  ReadLimits(section, config);
  ReadTimeouts(section, config);
  config.upstream_ca_file = File(section, "upstreamAuthority", resolve);
  return config;
}

}  // namespace countersign::edge
