#include "libs/http/http2/header_fields.h"

#include <catch2/catch.hpp>
#include <string>

namespace countersign::http::http2 {
namespace {

HeaderFields Request(const std::string& path = "/") {
  HeaderFields fields(1'000, 10);
  CHECK(fields.Add(":method", "POST"));
  CHECK(fields.Add(":scheme", "https"));
  CHECK(fields.Add(":path", path));
  return fields;
}

TEST_CASE("HeaderFields: the authority becomes the Host field", "[http2]") {
  HeaderFields fields = Request("/v1/x?y=1");
  REQUIRE(fields.Add(":authority", "a.example:80"));
  REQUIRE(fields.Add("accept", "*/*"));
  SECTION("without a Host field") {}
  SECTION("with the same") { REQUIRE(fields.Add("host", "A.example:80")); }
  const absl::StatusOr<RequestHead> head = fields.TakeHead();
  REQUIRE(head.ok());
  CHECK(head->method == "POST");
  CHECK(head->target == "/v1/x?y=1");
  CHECK(head->version == 2);
  CHECK(head->headers.Get("host") == "a.example:80");
  CHECK(head->headers.Count("host") == 1);
  CHECK(head->headers.Get("accept") == "*/*");
}

TEST_CASE("HeaderFields: a request has exactly one host, and it names no user", "[http2]") {
  HeaderFields fields = Request();
  SECTION("none") {}
  SECTION("two") {
    REQUIRE(fields.Add("host", "a"));
    REQUIRE(fields.Add("host", "a"));
  }
  SECTION("two that differ") {
    REQUIRE(fields.Add(":authority", "a"));
    REQUIRE(fields.Add("host", "b"));
  }
  SECTION("with a user") { REQUIRE(fields.Add(":authority", "user@a")); }
  CHECK(absl::IsInvalidArgument(fields.TakeHead().status()));
}

TEST_CASE("HeaderFields: a Host field alone is enough", "[http2]") {
  HeaderFields fields = Request();
  REQUIRE(fields.Add("host", "a"));
  CHECK(fields.TakeHead()->headers.Get("host") == "a");
}

TEST_CASE("HeaderFields: only a path of printable bytes is a target", "[http2]") {
  for (const char* path : {"", "*", "x", "http://a/", "/a b", "/a#b", "/\x7f", "/\x01"}) {
    CAPTURE(path);
    HeaderFields fields = Request(path);
    REQUIRE(fields.Add(":authority", "a"));
    CHECK(absl::IsInvalidArgument(fields.TakeHead().status()));
  }
}

TEST_CASE("HeaderFields: other schemes and methods without a path are refused", "[http2]") {
  HeaderFields ftp(1'000, 10);
  REQUIRE(ftp.Add(":method", "GET"));
  REQUIRE(ftp.Add(":scheme", "ftp"));
  REQUIRE(ftp.Add(":path", "/"));
  REQUIRE(ftp.Add(":authority", "a"));
  CHECK(absl::IsInvalidArgument(ftp.TakeHead().status()));
  HeaderFields connect(1'000, 10);
  REQUIRE(connect.Add(":method", "CONNECT"));
  REQUIRE(connect.Add(":authority", "a:443"));
  CHECK(absl::IsInvalidArgument(connect.TakeHead().status()));
}

TEST_CASE("HeaderFields: a split cookie is one field", "[http2]") {
  HeaderFields fields = Request();
  REQUIRE(fields.Add(":authority", "a"));
  REQUIRE(fields.Add("cookie", "a=b"));
  REQUIRE(fields.Add("cookie", "c=d"));
  CHECK(fields.TakeHead()->headers.Get("cookie") == "a=b; c=d");
}

TEST_CASE("HeaderFields: above the limits nothing is stored, far above them it ends", "[http2]") {
  HeaderFields many = Request();
  for (int i = 0; i < 40; ++i) CHECK(many.Add("a", ""));
  CHECK(many.too_large());
  CHECK(absl::IsResourceExhausted(many.TakeHead().status()));
  CHECK_FALSE(many.Add("a", ""));
  HeaderFields large = Request();
  CHECK(large.Add("a", std::string(900, 'x')));  // with 32 bytes for each field
  CHECK(large.too_large());
  CHECK_FALSE(large.Add("a", std::string(4'000, 'x')));
}

}  // namespace
}  // namespace countersign::http::http2
