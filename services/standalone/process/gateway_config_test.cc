#include "services/standalone/process/gateway_config.h"

#include <catch2/catch.hpp>

namespace countersign::standalone::process {
namespace {

Options MakeOptions() {
  Options options;
  options.data = "/srv/cs";
  return options;
}

const DataDirectory kDirectory = DataDirectory::At("/srv/cs");

TEST_CASE("MakeEdgeConfig: TLS is of the files given, or of the folder's own", "[standalone]") {
  Options options = MakeOptions();
  CHECK(MakeEdgeConfig(kDirectory, options).http.listen.at(0).certificate_file.empty());
  options.tls_certificate = "/etc/a.crt";
  options.tls_key = "/etc/a.key";
  const auto given = MakeEdgeConfig(kDirectory, options).http.listen.at(0);
  CHECK(given.certificate_file == "/etc/a.crt");
  CHECK(given.key_file == "/etc/a.key");
  options = MakeOptions();
  options.tls_self_signed = true;
  const auto own = MakeEdgeConfig(kDirectory, options).http.listen.at(0);
  CHECK(own.certificate_file == "/srv/cs/tls.crt");
  CHECK(own.key_file == "/srv/cs/keys/edge/tls.key");
}

TEST_CASE("DescribeConfig: says each value and where it comes from", "[standalone]") {
  Options options = MakeOptions();
  options.http = "0.0.0.0:8443";
  options.http_given = true;
  options.metrics.clear();
  options.metrics_given = true;
  options.tls_self_signed = true;
  options.config = {"/etc/cs/it's.yaml"};
  const std::string text = DescribeConfig(kDirectory, options);
  for (const char* part :
       {"  data: {value: '/srv/cs', from: --data}\n",
        "  http: {value: '0.0.0.0:8443', from: --http}",
        "  metrics: {value: 'off', from: --metrics}", "  detach: {value: false, from: default}",
        "  tls-self-signed: {value: true, from: --tls-self-signed}",
        "  config: {value: ['/etc/cs/it''s.yaml'], from: --config}",
        "    listen: [{address: '0.0.0.0:8443', certificate: '/srv/cs/tls.crt', key: "
        "'/srv/cs/keys/edge/tls.key'}]",
        "    timeouts:\n", "  adminKey: '/srv/cs/admin.key'"}) {
    CHECK_THAT(text, Catch::Contains(part));
  }
}

}  // namespace
}  // namespace countersign::standalone::process
