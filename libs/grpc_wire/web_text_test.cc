#include "libs/grpc_wire/web_text.h"

#include <catch2/catch.hpp>

namespace countersign::grpc_wire {
namespace {

TEST_CASE("WebTextReader: parts with padding, cut anywhere", "[grpc_wire]") {
  const std::string text = EncodeWebText("a") + EncodeWebText("bc") + EncodeWebText("def") +
                           EncodeWebText(std::string("\0\xff", 2));
  for (std::size_t step = 1; step <= text.size(); ++step) {
    WebTextReader reader;
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += step) {
      bytes += reader.Feed(absl::string_view(text).substr(at, step)).value();
    }
    CHECK(bytes == std::string("abcdef\0\xff", 8));
    CHECK(reader.empty());
  }
}

TEST_CASE("WebTextReader: refuses what is not base64", "[grpc_wire]") {
  for (const char* text : {"YQ-_", "Y Q=", "YQ==YQ=a", "=YQ=", "===="}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(WebTextReader().Feed(text).status()));
  }
  WebTextReader torn;
  CHECK(torn.Feed("YWJjY").value() == "abc");
  CHECK_FALSE(torn.empty());
}

}  // namespace
}  // namespace countersign::grpc_wire
