#include "libs/http/message.h"

#include <catch2/catch.hpp>
#include <string>

namespace countersign::http {
namespace {

TEST_CASE("Headers: names compare without regard to case, fields keep their order", "[http]") {
  Headers headers;
  headers.Add("Accept", "a");
  headers.Add("X-One", "1");
  headers.Add("accept", "b");
  CHECK(headers.Get("ACCEPT") == "a");
  CHECK(headers.Count("accept") == 2);
  CHECK(headers.Get("missing").empty());
  std::string names;
  for (const auto& [name, value] : headers) names += name + ";";
  CHECK(names == "Accept;X-One;accept;");
}

TEST_CASE("Headers: Set replaces all fields of a name, Remove drops them", "[http]") {
  Headers headers;
  headers.Add("x", "1");
  headers.Add("X", "2");
  headers.Add("y", "3");
  headers.Set("x", "4");
  CHECK(headers.Count("x") == 1);
  CHECK(headers.Get("x") == "4");
  headers.Remove("X");
  CHECK(headers.Count("x") == 0);
  CHECK(headers.Get("y") == "3");
}

TEST_CASE("Headers: a token is a whole member of a list, in any field of that name", "[http]") {
  Headers headers;
  headers.Add("connection", "keep-alive, Upgrade ");
  headers.Add("Connection", "\tclose");
  CHECK(headers.HasToken("connection", "upgrade"));
  CHECK(headers.HasToken("connection", "close"));
  CHECK_FALSE(headers.HasToken("connection", "keep"));
  CHECK_FALSE(headers.HasToken("te", "close"));
}

TEST_CASE("IsFieldValue: refuses characters that could end a field or the head", "[http]") {
  CHECK(IsFieldValue(""));
  CHECK(IsFieldValue("plain \t text \xc3\xa9"));
  for (const char c : {'\r', '\n', '\0', '\x01', '\x7f', '\x1b'}) {
    CAPTURE(static_cast<int>(c));
    CHECK_FALSE(IsFieldValue(std::string("a") + c + "b"));
  }
}

TEST_CASE("ReasonPhrase: names the statuses of HTTP", "[http]") {
  CHECK(ReasonPhrase(200) == "OK");
  CHECK(ReasonPhrase(404) == "Not Found");
  CHECK(ReasonPhrase(431) == "Request Header Fields Too Large");
  CHECK(ReasonPhrase(299) == "Unknown");
  CHECK(ReasonPhrase(0) == "Unknown");
}

}  // namespace
}  // namespace countersign::http
