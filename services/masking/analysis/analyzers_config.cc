#include "services/masking/analysis/analyzers_config.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/config/service_config.h"
#include "libs/http/address.h"
#include "services/masking/analysis/analyzer_grpc.h"
#include "services/masking/analysis/analyzer_presidio.h"

namespace countersign::masking::analysis {
namespace {

// Below the edge's `port` timeout, 10 s by default, which ends what masking does.
constexpr absl::Duration kLongestTimeout = absl::Seconds(8);

void ReadUrl(config::Fields& fields, AnalyzerConfig& config) {
  config.url = fields.Required("url");
  if (config.url.empty()) return;
  const absl::StatusOr<http::Url> url = http::ParseUrl(config.url);
  if (!url.ok()) {
    fields.Mistake("url", url.status().message());
  } else if (config.protocol == AnalyzerConfig::Protocol::kGrpc && !url->path.empty()) {
    fields.Mistake("url", "has a path, which gRPC does not use");
  } else if (!url->query.empty()) {
    fields.Mistake("url", "has a query");
  }
  if (!config.authority.empty() && url.ok() && !url->origin.tls) {
    fields.Mistake("authority", "needs a url of https");
  }
}

AnalyzerConfig ReadAnalyzer(const YAML::Node& node, const std::string& path,
                            config::Mistakes& mistakes,
                            const std::function<std::string(const std::string&)>& resolve) {
  config::Fields fields(node, path, mistakes);
  AnalyzerConfig config;
  AnalyzerOptions& options = config.options;
  options.name = fields.Required("name");
  if (options.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") !=
      std::string::npos) {
    fields.Mistake("name", "may have lower-case letters, digits and - only");
  }
  if (fields.Choice("protocol", {"grpc", "presidio"}, "grpc") == "presidio") {
    config.protocol = AnalyzerConfig::Protocol::kPresidio;
  }
  const std::string authority = fields.String("authority");
  if (!authority.empty()) config.authority = resolve(authority);
  ReadUrl(fields, config);
  options.language = fields.String("language", options.language);
  options.timeout =
      fields.Duration("timeout", options.timeout, absl::Milliseconds(10), kLongestTimeout);
  if (fields.Choice("onFailure", {"refuse", "maskLess"}, "refuse") == "maskLess") {
    options.on_failure = OnFailure::kMaskLess;
  }
  options.most_calls = static_cast<std::size_t>(
      fields.Integer("maxCalls", static_cast<std::int64_t>(options.most_calls), 1, 1'000'000));
  options.most_bytes = static_cast<std::size_t>(
      fields.Integer("maxBytes", static_cast<std::int64_t>(options.most_bytes), 1024, 64 << 20));
  return config;
}

absl::StatusOr<std::unique_ptr<Analyzer>> MakeAnalyzer(const AnalyzerConfig& config,
                                                       const Clock& clock) {
  if (config.protocol == AnalyzerConfig::Protocol::kPresidio) {
    return std::make_unique<PresidioAnalyzer>(config.url, clock, config.authority);
  }
  CS_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(config.url));
  const http::Origin& origin = url.origin;
  const bool is_v6 = origin.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? absl::StrCat("[", origin.host, "]") : origin.host;
  CS_ASSIGN_OR_RETURN(
      const std::shared_ptr<grpc::Channel> channel,
      MakeAnalyzerChannel(absl::StrCat(host, ":", origin.port), origin.tls, config.authority));
  return std::make_unique<GrpcAnalyzer>(channel);
}

}  // namespace

std::vector<AnalyzerConfig> ReadAnalyzers(
    config::Fields& section, const std::function<std::string(const std::string&)>& resolve) {
  std::vector<AnalyzerConfig> configs;
  std::set<std::string> names;
  section.ForEach("analyzers", [&](const YAML::Node& node, const std::string& path) {
    configs.push_back(ReadAnalyzer(node, path, section.mistakes(), resolve));
    const std::string& name = configs.back().options.name;
    if (!name.empty() && !names.insert(name).second) {
      section.mistakes().Add(node, path, absl::StrCat("\"", name, "\" is there twice"));
    }
  });
  return configs;
}

absl::StatusOr<std::vector<AnalyzerConfig>> ReadAnalyzersFile(const std::string& path) {
  std::vector<AnalyzerConfig> configs;
  CS_RETURN_IF_ERROR(config::LoadServiceConfig(path, [&](auto& section, const auto& resolve) {
                       configs = ReadAnalyzers(section, resolve);
                     }).status());
  return configs;
}

absl::Status AddAnalyzers(const std::vector<AnalyzerConfig>& configs, const Clock& clock,
                          Analyzers& analyzers) {
  for (const AnalyzerConfig& config : configs) {
    absl::StatusOr<std::unique_ptr<Analyzer>> analyzer = MakeAnalyzer(config, clock);
    CS_RETURN_IF_ERROR(Annotate(analyzer.status(), absl::StrCat("analyzer ", config.options.name)));
    analyzers.Add(config.options, *std::move(analyzer));
  }
  return absl::OkStatus();
}

}  // namespace countersign::masking::analysis
