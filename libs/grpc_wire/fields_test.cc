#include "libs/grpc_wire/fields.h"

#include <catch2/catch.hpp>

namespace countersign::grpc_wire {
namespace {

TEST_CASE("ParseContentType: by the type alone", "[grpc_wire]") {
  struct Case {
    const char* type;
    Protocol protocol;
  };
  const Case cases[] = {
      {"application/grpc", Protocol::kGrpc},
      {"application/grpc+proto", Protocol::kGrpc},
      {" Application/GRPC ; charset=utf-8", Protocol::kGrpc},
      {"application/grpc+json", Protocol::kUnsupported},
      {"application/grpc+", Protocol::kUnsupported},
      {"application/grpc-web", Protocol::kWeb},
      {"application/grpc-web+proto", Protocol::kWeb},
      {"application/grpc-web+json", Protocol::kUnsupported},
      {"application/grpc-web-text", Protocol::kWebText},
      {"application/grpc-web-text+proto", Protocol::kWebText},
      {"application/grpcx", Protocol::kNone},
      {"application/grpc-webx", Protocol::kNone},
      {"application/json", Protocol::kNone},
      {"", Protocol::kNone},
  };
  for (const Case& c : cases) {
    INFO(c.type);
    CHECK(ParseContentType(c.type) == c.protocol);
  }
}

TEST_CASE("ParseTimeout: a number and a unit", "[grpc_wire]") {
  CHECK(ParseTimeout("10S").value() == absl::Seconds(10));
  CHECK(ParseTimeout("1H").value() == absl::Hours(1));
  CHECK(ParseTimeout("2M").value() == absl::Minutes(2));
  CHECK(ParseTimeout("250m").value() == absl::Milliseconds(250));
  CHECK(ParseTimeout("7u").value() == absl::Microseconds(7));
  CHECK(ParseTimeout("0n").value() == absl::ZeroDuration());
  CHECK(ParseTimeout("99999999H").value() == absl::Hours(99'999'999));
  for (const char* value : {"", "S", "10", "10s", "10 S", " 10S", "-1S", "+1S", "1.5S",
                            "123456789S", "10SS", "0x1S", "S10"}) {
    INFO(value);
    CHECK(absl::IsInvalidArgument(ParseTimeout(value).status()));
  }
}

TEST_CASE("PercentEncode: printable ASCII stays, all else is encoded", "[grpc_wire]") {
  CHECK(PercentEncode("no key \"x\"") == "no key \"x\"");
  CHECK(PercentEncode("50%\n\xc3\xa9~\x7f") == "50%25%0A%C3%A9~%7F");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  CHECK(PercentDecode(PercentEncode(all)) == all);
}

TEST_CASE("FormatTimeout: the finest unit that fits", "[grpc_wire]") {
  CHECK(FormatTimeout(absl::ZeroDuration()) == "0n");
  CHECK(FormatTimeout(absl::Microseconds(1500)) == "1500000n");
  CHECK(FormatTimeout(absl::Seconds(30)) == "30000000u");
  CHECK(FormatTimeout(absl::Hours(27)) == "97200000m");
  CHECK(FormatTimeout(absl::Hours(48)) == "172800S");
  CHECK(FormatTimeout(absl::Hours(1'000'000'000)) == "99999999H");
  for (const absl::Duration timeout : {absl::Seconds(1), absl::Minutes(7), absl::Hours(100)}) {
    CHECK(ParseTimeout(FormatTimeout(timeout)).value() == timeout);
  }
}

TEST_CASE("PercentDecode: what is not an escape stays", "[grpc_wire]") {
  CHECK(PercentDecode("%41%4a%4A") == "AJJ");
  CHECK(PercentDecode("100% %4 %zz %4z %") == "100% %4 %zz %4z %");
  CHECK(PercentDecode("%%41") == "%A");
}

TEST_CASE("DecodeBinary: with padding and without it", "[grpc_wire]") {
  CHECK(EncodeBinary("a") == "YQ");
  CHECK(DecodeBinary("YQ").value() == "a");
  CHECK(DecodeBinary("YQ==").value() == "a");
  CHECK(DecodeBinary("YWI=").value() == "ab");
  CHECK(DecodeBinary("YWJj").value() == "abc");
  CHECK(DecodeBinary("+/8").value() == "\xfb\xff");
  CHECK(DecodeBinary("").value().empty());
  for (const char* value : {"Y", "YQ=", "YQ===", "YWI==", "YR", "Y Q", "Y\nQ", "-_8",
                            "Y=Q=", "====", "YWJj=", "YWJj===="}) {
    INFO(value);
    CHECK(absl::IsInvalidArgument(DecodeBinary(value).status()));
  }
}

TEST_CASE("Accepts: a member of the list, whatever its case", "[grpc_wire]") {
  CHECK(Accepts("identity, deflate, gzip", "gzip"));
  CHECK(Accepts("GZIP", "gzip"));
  CHECK_FALSE(Accepts("", "gzip"));
  CHECK_FALSE(Accepts("xgzip, gzipx", "gzip"));
}

}  // namespace
}  // namespace countersign::grpc_wire
