#include "libs/http/address.h"

#include <boost/asio/ip/address.hpp>
#include <catch2/catch.hpp>

namespace countersign::http {
namespace {

absl::Status Vet(const char* address, bool allow_private) {
  return VetAddress(boost::asio::ip::make_address(address), allow_private);
}

TEST_CASE("VetAddress: link-local and other unusable ranges are always refused", "[http]") {
  for (const char* address :
       {"169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "::", "ff02::1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "240.0.0.1", "168.63.129.16",
        "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "2001:db8::1", "100::1",
        "4000::1", "1::1"}) {
    CAPTURE(address);
    CHECK(absl::IsPermissionDenied(Vet(address, true)));
  }
}

TEST_CASE("VetAddress: an IPv4 address inside an IPv6 one is vetted, however it is carried",
          "[http]") {
  // 169.254.169.254, 127.0.0.1 and 1.1.1.1 in every form.
  const char* const forms[][3] = {
      {"::ffff:a9fe:a9fe", "::ffff:7f00:1", "::ffff:101:101"},               // mapped
      {"::169.254.169.254", "::127.0.0.1", "::101:101"},                     // compatible
      {"::ffff:0:a9fe:a9fe", "::ffff:0:7f00:1", "::ffff:0:101:101"},         // translated
      {"64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::101:101"},         // NAT64
      {"64:ff9b:1::a9fe:a9fe", "64:ff9b:1::7f00:1", nullptr},                // local NAT64, /96
      {"64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:7f00:0:100::", nullptr},       // local NAT64, /48
      {"64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:7f:0:1::", nullptr},             // local NAT64, /56
      {"64:ff9b:1::a9:fea9:fe00:0", "64:ff9b:1::7f:0:100:0", nullptr},       // local NAT64, /64
      {"2002:a9fe:a9fe::", "2002:7f00:1::1", "2002:101:101::1"},             // 6to4
      {"2001:0:a9fe:a9fe::fefe:fefe", "2001:0:7f00:1::fefe:fefe", nullptr},  // Teredo's server
      {"2001:0:101:101::5601:5601", "2001:0:101:101::80ff:fffe",
       "2001:0:101:101::fefe:fefe"},  // Teredo's client, inverted
      {"2606:4700::5efe:a9fe:a9fe", "2606:4700::5efe:7f00:1", "2606:4700::5efe:101:101"},
      {"2606:4700::200:5efe:a9fe:a9fe", "2606:4700::200:5efe:7f00:1", nullptr},
  };
  for (const auto& [metadata, loopback, public_address] : forms) {
    CAPTURE(metadata, loopback);
    CHECK(absl::IsPermissionDenied(Vet(metadata, true)));
    CHECK(absl::IsPermissionDenied(Vet(loopback, false)));
    if (public_address != nullptr) CHECK(Vet(public_address, false).ok());
  }
  CHECK(Vet("::ffff:127.0.0.1", true).ok());
  CHECK(Vet("::1", true).ok());
}

TEST_CASE("GetSource: an IPv4 address, or the network of an IPv6 one", "[http]") {
  const auto source = [](const char* address) {
    return GetSource(boost::asio::ip::make_address(address));
  };
  CHECK(source("192.0.2.7") == "192.0.2.7");
  CHECK(source("::ffff:192.0.2.7") == "192.0.2.7");
  CHECK(source("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(source("2001:db8:1:2::1") == source("2001:db8:1:2:ffff::"));
  CHECK(source("2001:db8:1:3::1") != source("2001:db8:1:2::1"));
}

TEST_CASE("VetAddress: private ranges need to be allowed", "[http]") {
  for (const char* address : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255",
                              "192.168.1.1", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"}) {
    CAPTURE(address);
    CHECK(absl::IsPermissionDenied(Vet(address, false)));
    CHECK(Vet(address, true).ok());
  }
}

TEST_CASE("VetAddress: public addresses pass", "[http]") {
  for (const char* address : {"1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"}) {
    CAPTURE(address);
    CHECK(Vet(address, false).ok());
  }
}

TEST_CASE("ParseUrl: parses URLs of the form of an SDK's base_url", "[http]") {
  const Url url = ParseUrl("https://api.example.com/v1/").value();
  CHECK(url.origin.tls);
  CHECK(url.origin.host == "api.example.com");
  CHECK(url.origin.port == 443);
  CHECK(url.path == "/v1");
  CHECK(url.origin.HostHeader() == "api.example.com");
  const Url local = ParseUrl("http://[::1]:9000").value();
  CHECK(local.origin.host == "::1");
  CHECK(local.path.empty());
  CHECK(local.origin.HostHeader() == "[::1]:9000");
}

TEST_CASE("ParseUpstreamUrl: grpc and grpcs, besides http and https", "[http]") {
  const Url url = ParseUpstreamUrl("grpcs://triton.example:8001/team").value();
  CHECK(url.origin == Origin{true, "triton.example", 8001});
  CHECK(url.path == "/team");
  CHECK(ParseUpstreamUrl("grpc://127.0.0.1:8001").value().origin ==
        Origin{false, "127.0.0.1", 8001});
  CHECK(ParseUpstreamUrl("https://h").value().origin == Origin{true, "h", 443});
  CHECK(absl::IsInvalidArgument(ParseUpstreamUrl("grpc://user@h").status()));
  CHECK(absl::IsInvalidArgument(ParseUrl("grpc://h").status()));
}

TEST_CASE("ParseUrl: refuses user information, fragments and malformed URLs", "[http]") {
  for (const char* text : {"http://127.0.0.1.example/x", "https://10.0.0.1.example", "",
                           "example.com", "ftp://a/", "http://u:p@a/", "http://a/#f", "http://",
                           "http://a:0/", "http://a:99999/", "http://a b/"}) {
    CAPTURE(text);
    CHECK(absl::IsInvalidArgument(ParseUrl(text).status()));
  }
}

TEST_CASE("ParseHostPort: hosts, IPv6 in brackets, and nothing else", "[http]") {
  CHECK(ParseHostPort("[::1]:80").value().host == "::1");
  CHECK(ParseHostPort(":80").value().host.empty());
  for (const char* text : {"", "a", "a:", "a:x", "a:-1", "a:65536"}) {
    CAPTURE(text);
    CHECK(!ParseHostPort(text).ok());
  }
}

}  // namespace
}  // namespace countersign::http
