#include "libs/http/http1/head_scanner.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace countersign::http::http1 {
namespace {

using Result = HeadScanner::Result;

constexpr std::size_t kBytes = 1000;
constexpr std::size_t kFields = 3;

// The result of scanning `head` in pieces of `size` bytes.
Result Scan(absl::string_view head, std::size_t size = 1'000'000) {
  HeadScanner scanner(kBytes, kFields);
  for (std::size_t at = 0; at < head.size(); at += size) {
    const Result result = scanner.Scan(head.substr(at, size));
    if (result != Result::kNeedMore) return result;
  }
  return Result::kNeedMore;
}

// The result, which must be the same however the bytes arrive.
Result ScanEveryWay(absl::string_view head) {
  const Result whole = Scan(head);
  for (const std::size_t size : {1, 2, 3, 7}) CHECK(Scan(head, size) == whole);
  return whole;
}

std::string Fields(std::size_t count) {
  std::string text = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < count; ++i) text += "a:b\r\n";
  return text;
}

TEST_CASE("HeadScanner: a head ends with an empty line", "[http]") {
  CHECK(ScanEveryWay("GET / HTTP/1.1\r\nhost: a\r\n\r\n") == Result::kComplete);
  CHECK(ScanEveryWay("GET / HTTP/1.1\r\n\r\n") == Result::kComplete);
  CHECK(ScanEveryWay("GET / HTTP/1.1\r\nhost: a\r\n") == Result::kNeedMore);
  CHECK(ScanEveryWay("GET / HTTP/1.1\r\nhost: a\r\n\r") == Result::kNeedMore);
}

TEST_CASE("HeadScanner: empty lines before the start line only count as bytes", "[http]") {
  CHECK(ScanEveryWay("\r\nGET / HTTP/1.1\r\n\r\n") == Result::kComplete);
  CHECK(ScanEveryWay("\r\n\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n") == Result::kComplete);
  CHECK(ScanEveryWay("\r\n\r\n" + Fields(kFields) + "\r\n") == Result::kComplete);
  CHECK(ScanEveryWay("\r\n\r\n") == Result::kNeedMore);
  std::string lines;
  while (lines.size() <= kBytes) lines += "\r\n";
  CHECK(ScanEveryWay(lines) == Result::kTooLarge);
}

TEST_CASE("HeadScanner: bytes after the head are ignored", "[http]") {
  CHECK(Scan("GET / HTTP/1.1\r\n\r\n \nanything\n" + std::string(5000, 'x')) == Result::kComplete);
}

TEST_CASE("HeadScanner: exactly the maximum number of fields is accepted", "[http]") {
  CHECK(ScanEveryWay(Fields(kFields) + "\r\n") == Result::kComplete);
  CHECK(ScanEveryWay(Fields(kFields + 1) + "\r\n") == Result::kTooLarge);
}

TEST_CASE("HeadScanner: one field too many is refused at its first byte", "[http]") {
  CHECK(ScanEveryWay(Fields(kFields)) == Result::kNeedMore);
  CHECK(ScanEveryWay(Fields(kFields) + "a") == Result::kTooLarge);
}

TEST_CASE("HeadScanner: the limit of bytes covers the whole head", "[http]") {
  const std::string head = "GET / HTTP/1.1\r\nx: ";
  const std::size_t rest = kBytes - head.size() - 4;
  CHECK(ScanEveryWay(absl::StrCat(head, std::string(rest, 'y'), "\r\n\r\n")) == Result::kComplete);
  CHECK(ScanEveryWay(absl::StrCat(head, std::string(rest + 1, 'y'), "\r\n\r\n")) ==
        Result::kTooLarge);
  CHECK(ScanEveryWay(std::string(kBytes + 1, 'x')) == Result::kTooLarge);
}

TEST_CASE("HeadScanner: folded lines and bare line feeds are malformed", "[http]") {
  for (const char* head :
       {"GET / HTTP/1.1\r\nx: one\r\n two\r\n\r\n", "GET / HTTP/1.1\r\nx: one\r\n\ttwo\r\n\r\n",
        "GET / HTTP/1.1\r\n x: one\r\n\r\n", "GET / HTTP/1.1\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\n\r\n", "GET / HTTP/1.1\r\n\n", "\n", "\nGET / HTTP/1.1\r\n\r\n",
        "\r\n\nGET / HTTP/1.1\r\n\r\n"}) {
    CAPTURE(head);
    CHECK(ScanEveryWay(head) == Result::kMalformed);
  }
}

}  // namespace
}  // namespace countersign::http::http1
