#include "libs/config/service_config.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/config/secret_file.h"

namespace countersign::config {
namespace {

using Resolve = std::function<std::string(const std::string&)>;

bool IsAddress(absl::string_view text) {
  const std::size_t colon = text.rfind(':');
  int port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 0 && port <= 65535;
}

std::string Address(Fields& fields, absl::string_view name, absl::string_view fallback) {
  std::string address = fields.String(name, fallback);
  if (!address.empty() && !IsAddress(address)) {
    fields.Mistake(name, "must be HOST:PORT");
    address.clear();
  }
  return address;
}

std::string MetricsAddress(Fields& fields) {
  const std::string fallback = ServiceConfig().metrics;
  if (fields.String("metrics", fallback) == "off") return "";
  return Address(fields, "metrics", fallback);
}

std::optional<TlsFileNames> Tls(Fields& root, const Resolve& resolve) {
  if (!root.Has("tls")) return std::nullopt;
  Fields fields = root.Nested("tls");
  TlsFileNames files;
  files.certificate = resolve(fields.Required("certificate"));
  files.key = resolve(fields.Required("key"));
  files.authority = resolve(fields.Required("authority"));
  return files;
}

std::map<std::string, std::string> Peers(Fields& root) {
  std::map<std::string, std::string> peers;
  for (auto& [name, address] : root.StringMap("peers")) {
    if (!IsAddress(address)) {
      root.Mistake("peers", absl::StrCat(name, " must be HOST:PORT"));
    }
    peers[name] = address;
  }
  return peers;
}

// Quotes `value` for a libpq conninfo, so that it may contain any character.
std::string Quoted(absl::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

std::optional<DatabaseConfig> Database(Fields& root, const Resolve& resolve) {
  if (!root.Has("database")) return std::nullopt;
  Fields fields = root.Nested("database");
  DatabaseConfig database;
  std::string conninfo = fields.Required("conninfo");
  if (conninfo.find("password") != std::string::npos) {
    fields.Mistake("conninfo", "must not hold a password: name a passwordFile");
  }
  if (const std::string file = fields.String("passwordFile"); !file.empty()) {
    const absl::StatusOr<SecretString> password = ReadSecretFile(resolve(file));
    if (password.ok()) {
      absl::StrAppend(&conninfo, " password=", Quoted(password->Reveal()));
    } else {
      fields.Mistake("passwordFile", password.status().message());
    }
  }
  database.conninfo = SecretString(std::move(conninfo));
  database.connections = static_cast<std::size_t>(fields.Integer("connections", 8, 1, 256));
  return database;
}

void Log(Fields& root, ServiceConfig& config) {
  Fields fields = root.Nested("log");
  config.log_level =
      fields.Choice("level", {"debug", "info", "warning", "error"}, config.log_level);
  config.log_format = fields.Choice("format", {"text", "json"}, config.log_format);
}

void Drain(Fields& root, ServiceConfig& config) {
  Fields fields = root.Nested("drain");
  config.drain_delay =
      fields.Duration("delay", config.drain_delay, absl::ZeroDuration(), absl::Minutes(10));
  config.drain_timeout =
      fields.Duration("timeout", config.drain_timeout, absl::ZeroDuration(), absl::Hours(1));
}

ServiceConfig Read(Fields& root, const Resolve& resolve, const SectionReader& section) {
  ServiceConfig config;
  config.listen = Address(root, "listen", "");
  config.metrics = MetricsAddress(root);
  config.tls = Tls(root, resolve);
  config.peers = Peers(root);
  config.database = Database(root, resolve);
  config.secrets = root.String("secrets");
  if (!config.secrets.empty()) config.secrets = resolve(config.secrets);
  Log(root, config);
  Drain(root, config);
  config.addresses_file = root.String("addressesFile");
  if (!config.addresses_file.empty()) config.addresses_file = resolve(config.addresses_file);
  if (!config.tls.has_value() && (!config.listen.empty() || !config.peers.empty())) {
    root.Mistake("", "`listen` and `peers` need `tls`");
  }
  Fields own = root.Nested("service");
  if (section) section(own, resolve);
  return config;
}

}  // namespace

absl::StatusOr<ServiceConfig> LoadServiceConfig(const std::string& path,
                                                const SectionReader& section) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  YAML::Node document;
  try {
    document = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.mark.line + 1, ": ", error.msg));
  }
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const Resolve resolve = [&](const std::string& name) { return (folder / name).string(); };
  Mistakes mistakes;
  mistakes.SetPlace(path, "");
  ServiceConfig config;
  try {
    Fields root(document.IsNull() ? YAML::Node(YAML::NodeType::Map) : document, "", mistakes);
    config = Read(root, resolve, section);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.mark.line + 1, ": ", error.msg));
  }
  CS_RETURN_IF_ERROR(mistakes.ToStatus());
  return config;
}

std::vector<FieldDescription> DescribeServiceConfig(const SectionReader& section) {
  // The mappings that are read only where they are given. What they lack are mistakes, and ignored.
  const YAML::Node document = YAML::Load(
      "{tls: {certificate: x}, database: {conninfo: x}, "
      "service: {listen: [{address: x}], analyzers: [{name: x}]}}");
  std::vector<FieldDescription> fields;
  Mistakes mistakes;
  mistakes.DescribeInto(fields);
  Fields root(document, "", mistakes);
  Read(
      root, [](const std::string& name) { return name; }, section);
  return fields;
}

}  // namespace countersign::config
