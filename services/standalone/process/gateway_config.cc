#include "services/standalone/process/gateway_config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/edge/edge_config.h"

namespace countersign::standalone::process {
namespace {

constexpr absl::Duration kDrainTime = absl::Seconds(10);

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string QuotedList(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  std::transform(texts.begin(), texts.end(), std::back_inserter(quoted), Quoted);
  return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
}

std::string Option(absl::string_view name, absl::string_view value, bool given) {
  return absl::StrCat("  ", name, ": {value: ", value,
                      ", from: ", given ? absl::StrCat("--", name) : std::string("default"), "}\n");
}

std::string Flag(absl::string_view name, bool given) {
  return Option(name, given ? "true" : "false", given);
}

std::string DescribeOptions(const Options& options) {
  return absl::StrCat(
      "options:\n", Option("data", Quoted(options.data), true),
      Option("http", Quoted(options.http), options.http_given),
      Option("metrics", Quoted(options.metrics.empty() ? "off" : options.metrics),
             options.metrics_given),
      Option("config", QuotedList(options.config), !options.config.empty()),
      Option("publish-checkpoints", QuotedList(options.publish_checkpoints),
             !options.publish_checkpoints.empty()),
      Option("masking", Quoted(options.masking), !options.masking.empty()),
      Option("tls-cert", Quoted(options.tls_certificate), !options.tls_certificate.empty()),
      Option("tls-key", Quoted(options.tls_key), !options.tls_key.empty()),
      Flag("tls-self-signed", options.tls_self_signed), Flag("detach", options.detach));
}

std::string DescribeFiles(const DataDirectory& directory) {
  const std::pair<absl::string_view, std::string> files[] = {
      {"adminKey", directory.admin_key()},
      {"addresses", directory.addresses()},
      {"recordKey", directory.record_public_key()},
      {"log", directory.log()},
      {"serviceKeys", directory.keys()},
      {"patterns", directory.cache()},
      {"database", directory.cluster()}};
  std::string text = "files:\n";
  for (const auto& [name, path] : files)
    absl::StrAppend(&text, "  ", name, ": ", Quoted(path), "\n");
  return text;
}

}  // namespace

config::ServiceConfig MakeServiceConfig(const DataDirectory& directory, const Options& options) {
  config::ServiceConfig config;
  config.metrics = options.metrics;
  config.addresses_file = directory.addresses();
  config.drain_delay = absl::ZeroDuration();
  config.drain_timeout = kDrainTime;
  return config;
}

edge::EdgeConfig MakeEdgeConfig(const DataDirectory& directory, const Options& options) {
  edge::http_transport::ListenOn listen{options.http, options.tls_certificate, options.tls_key};
  if (options.tls_self_signed) {
    listen.certificate_file = directory.certificate();
    listen.key_file = directory.certificate_key();
  }
  edge::EdgeConfig config;
  config.http.listen = {std::move(listen)};
  return config;
}

std::string DescribeConfig(const DataDirectory& directory, const Options& options) {
  const config::ServiceConfig service = MakeServiceConfig(directory, options);
  return absl::StrCat(
      "# What the gateway would run with. Nothing was started or changed.\n",
      DescribeOptions(options), DescribeFiles(directory), "parts:\n  edge:\n",
      edge::WriteEdgeConfig(MakeEdgeConfig(directory, options), "    "),
      "  session-recorder: {publishCheckpoints: ", QuotedList(options.publish_checkpoints), "}\n",
      "  status: {metrics: ", Quoted(service.metrics.empty() ? "off" : service.metrics),
      ", logLevel: ", service.log_level, ", logFormat: ", service.log_format,
      ", drainTimeout: ", absl::FormatDuration(service.drain_timeout), "}\n",
      "  resources: ", QuotedList(options.config), "\n");
}

}  // namespace countersign::standalone::process
