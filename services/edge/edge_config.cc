#include "services/edge/edge_config.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/config/fields.h"

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

template <typename T>
void ReadLimit(config::Fields& fields, absl::string_view name, T& limit, std::int64_t least,
               std::int64_t most) {
  limit = static_cast<T>(fields.Integer(name, static_cast<std::int64_t>(limit), least, most));
}

// HTTP/2 needs windows of at least 64 KiB to be fast, and allows them 31 bits.
constexpr std::int64_t kLeastWindow = 64 << 10;
constexpr std::int64_t kMostWindow = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t kMostStreams = 10'000;

void ReadHttp2Limits(config::Fields& limits, http_transport::HttpOptions& http) {
  {
    config::Fields fields = limits.Nested("http2");
    ReadLimit(fields, "streams", http.http2.max_streams, 1, kMostStreams);
    ReadLimit(fields, "streamWindow", http.http2.stream_window, kLeastWindow, kMostWindow);
    ReadLimit(fields, "connectionWindow", http.http2.connection_window, kLeastWindow, kMostWindow);
    ReadLimit(fields, "continuations", http.http2.max_continuations, 1, 1'000);
  }
  config::Fields fields = limits.Nested("upstreamHttp2");
  http.upstream_http2.offered = fields.Bool("offered", http.upstream_http2.offered);
  ReadLimit(fields, "streams", http.upstream_http2.max_streams, 1, kMostStreams);
  ReadLimit(fields, "connections", http.upstream_http2.max_connections, 1, 1'000);
  ReadLimit(fields, "streamWindow", http.upstream_http2.stream_window, kLeastWindow, 16 << 20);
}

void ReadLimits(config::Fields& section, EdgeConfig& config) {
  config::Fields fields = section.Nested("limits");
  constexpr std::int64_t kMostBody = 32 << 20;  // a message between services
  ReadLimit(fields, "headBytes", config.http.max_head_bytes, 1024, 1 << 20);
  ReadLimit(fields, "headFields", config.http.max_head_fields, 16, 10'000);
  ReadLimit(fields, "bodyBytes", config.http.max_body_bytes, 1024, kMostBody);
  ReadLimit(fields, "responseBytes", config.calls.max_response_bytes, 1024, 1 << 30);
  ReadLimit(fields, "connections", config.http.max_connections, 16, 1 << 20);
  ReadLimit(fields, "connectionsPerSource", config.http.max_unverified_per_source, 1, 1 << 20);
  ReadHttp2Limits(fields, config.http);
}

// Calls `use` with each timeout and its name.
void ForEachTimeout(EdgeConfig& config,
                    const std::function<void(absl::string_view, absl::Duration&)>& use) {
  use("newConnection", config.http.new_connection_timeout);
  use("head", config.http.head_timeout);
  use("body", config.http.body_timeout);
  use("bodyTotal", config.http.body_total_timeout);
  use("idle", config.http.idle_timeout);
  use("write", config.http.write_timeout);
  use("port", config.calls.port_timeout);
  use("admin", config.admin_timeout);
  use("connect", config.http.connect_timeout);
  use("firstByte", config.http.first_byte_timeout);
  use("upstreamIdle", config.http.upstream_idle_timeout);
  use("upstreamHttp2Idle", config.http.upstream_http2.keep_idle);
  use("upstreamPingAfter", config.http.upstream_http2.ping_after);
  use("upstreamPingAgain", config.http.upstream_http2.ping_again);
  use("upstreamPing", config.http.upstream_http2.ping_timeout);
}

void ReadTimeouts(config::Fields& section, EdgeConfig& config) {
  config::Fields fields = section.Nested("timeouts");
  ForEachTimeout(config, [&](absl::string_view name, absl::Duration& timeout) {
    timeout = fields.Duration(name, timeout, absl::Milliseconds(10), absl::Hours(24));
  });
}

// A mapping on one line.
class FlowMapping {
 public:
  FlowMapping& Add(absl::string_view name, absl::string_view value) {
    members_.push_back(absl::StrCat(name, ": ", value));
    return *this;
  }
  FlowMapping& Add(absl::string_view name, std::size_t value) {
    return Add(name, absl::StrCat(value));
  }
  std::string str() const { return absl::StrCat("{", absl::StrJoin(members_, ", "), "}"); }

 private:
  std::vector<std::string> members_;
};

// In single quotes, in which YAML escapes nothing but them.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string WriteListeners(const std::vector<http_transport::ListenOn>& listeners) {
  std::vector<std::string> written;
  for (const http_transport::ListenOn& listen : listeners) {
    FlowMapping fields;
    fields.Add("address", Quoted(listen.address));
    if (!listen.certificate_file.empty()) {
      fields.Add("certificate", Quoted(listen.certificate_file));
      fields.Add("key", Quoted(listen.key_file));
    }
    written.push_back(fields.str());
  }
  return absl::StrCat("[", absl::StrJoin(written, ", "), "]");
}

std::string WriteLimits(const EdgeConfig& config, const std::string& indent) {
  const http_transport::HttpOptions& http = config.http;
  FlowMapping http2, upstream;
  http2.Add("streams", http.http2.max_streams)
      .Add("streamWindow", http.http2.stream_window)
      .Add("connectionWindow", http.http2.connection_window)
      .Add("continuations", http.http2.max_continuations);
  upstream.Add("offered", http.upstream_http2.offered ? "true" : "false")
      .Add("streams", http.upstream_http2.max_streams)
      .Add("connections", http.upstream_http2.max_connections)
      .Add("streamWindow", http.upstream_http2.stream_window);
  std::string text;
  const std::pair<absl::string_view, std::string> fields[] = {
      {"headBytes", absl::StrCat(http.max_head_bytes)},
      {"headFields", absl::StrCat(http.max_head_fields)},
      {"bodyBytes", absl::StrCat(http.max_body_bytes)},
      {"responseBytes", absl::StrCat(config.calls.max_response_bytes)},
      {"connections", absl::StrCat(http.max_connections)},
      {"connectionsPerSource", absl::StrCat(http.max_unverified_per_source)},
      {"http2", http2.str()},
      {"upstreamHttp2", upstream.str()}};
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&text, indent, name, ": ", value, "\n");
  }
  return text;
}

}  // namespace

std::string WriteEdgeConfig(const EdgeConfig& config, const std::string& indent) {
  const http_transport::HttpOptions& http = config.http;
  const std::string deeper = absl::StrCat(indent, "  ");
  std::string text = absl::StrCat(indent, "listen: ", WriteListeners(http.listen), "\n", indent,
                                  "threads: ", http.threads, "\n", indent, "limits:\n",
                                  WriteLimits(config, deeper), indent, "timeouts:\n");
  EdgeConfig written = config;
  ForEachTimeout(written, [&](absl::string_view name, absl::Duration& timeout) {
    absl::StrAppend(&text, deeper, name, ": ", absl::FormatDuration(timeout), "\n");
  });
  if (!http.upstream_ca_file.empty()) {
    absl::StrAppend(&text, indent, "upstreamAuthority: ", Quoted(http.upstream_ca_file), "\n");
  }
  return text;
}

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
