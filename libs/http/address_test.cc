#include "libs/http/address.h"

#include <boost/asio/ip/address.hpp>
#include <catch2/catch.hpp>

namespace countersign::http {
namespace {

absl::Status Vet(const char* address, bool allow_private) {
  return VetAddress(boost::asio::ip::make_address(address), allow_private);
}

TEST_CASE("VetAddress: link-local and other unusable ranges are refused whatever is allowed",
          "[http]") {
  for (const char* address :
       {"169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "::", "ff02::1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"}) {
    CAPTURE(address);
    CHECK(absl::IsPermissionDenied(Vet(address, true)));
  }
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

TEST_CASE("ParseUrl: reads what an SDK's base_url looks like", "[http]") {
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

TEST_CASE("ParseUrl: refuses what does not belong in a configured address", "[http]") {
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
