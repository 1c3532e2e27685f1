#include "tests/bench/machine_corpus.h"

#include <random>

#include "tests/bench/masking_corpus.h"

namespace countersign::bench {
namespace {

// `$` is a random digit, `~` a hexadecimal one.
constexpr const char* kLogLines[] = {
    "2025-0$-1$T0$:$$:$$.$$$Z INFO [worker-$] request id=~~~~~~~~~~~~ path=/api/v1/items/$$$$$ "
    "status=200 took=$$ms",
    "2025-0$-1$T0$:$$:$$.$$$Z WARN [pool-$] $ of $$ connections in use, oldest since $$$$s",
    "2025-0$-1$T0$:$$:$$.$$$Z DEBUG cache.get key=user:$$$$$:profile hit=true bytes=$$$$",
    "2025-0$-1$T0$:$$:$$.$$$Z ERROR [http] upstream answered 503 after $$$$ms, retry $ of 5",
};
constexpr const char* kCsvRows[] = {"$$$$$,2025-0$-1$,$$$.$$,$$,open,0.$$$$$$",
                                    "$$$$$,2025-0$-1$,$$.$$,$,shipped,0.$$$$$$",
                                    "$$$$$,2025-0$-1$,$.$$,$$$,\"returned, unopened\",0.$$$$$$"};
constexpr const char* kCodeLines[] = {
    "  for (std::size_t i = 0; i < buffer.size(); ++i) total += buffer[i] * $$;",
    "  if (index >= table_.size() || table_[index].id != 0x~~~~) return std::nullopt;",
    "def read_rows(path: str, limit: int = $$$$) -> list[dict[str, int]]:",
    "    return [row for row in csv.reader(handle) if len(row) > $]",
    "const total = rows.reduce((sum, row) => sum + Number(row.amount), 0);",
    "#include <vector>  // used by Table::Grow",
    "  EXPECT_EQ(Parse(\"a=$,b=$$\").value().at(\"b\"), $$);",
    "  \"version\": \"$$.$.$\", \"resolved\": true, \"size\": $$$$,",
    "}",
};
constexpr const char* kBeginnings[] = {
    "4111 1111 1111 ",  "sk-live ",  "https://user:",           "Bearer ~~~~~~~~ ", "+44 20 7946 ",
    "eyJhbGciOi. ",     "AKIAIOSF ", "GB29 NWBK 6016 ",         "10.0.0. ",         "~~:~~:~~:~~: ",
    "first.last@mail ", "token = ",  "QUJDREVGRwabcdef0123+/ ", "-----BEGIN "};

class LineWriter {
 public:
  explicit LineWriter(std::uint32_t seed) : random_(seed) {}

  std::size_t Below(std::size_t bound) { return random_() % bound; }

  template <std::size_t kCount>
  std::string Line(const char* const (&lines)[kCount]) {
    std::string line = lines[Below(kCount)];
    for (char& c : line) {
      if (c == '$' || c == '~') c = "0123456789abcdef"[Below(c == '$' ? 10 : 16)];
    }
    return line;
  }

 private:
  std::mt19937 random_;
};

template <std::size_t kCount>
std::string Lines(const char* const (&lines)[kCount], std::size_t bytes, std::uint32_t seed) {
  LineWriter writer(seed);
  std::string text;
  while (text.size() < bytes) text += writer.Line(lines) + "\n";
  text.resize(bytes);
  return text;
}

}  // namespace

std::string LogLines(std::size_t bytes, std::uint32_t seed) {
  return Lines(kLogLines, bytes, seed);
}
std::string CsvRows(std::size_t bytes, std::uint32_t seed) { return Lines(kCsvRows, bytes, seed); }
std::string SourceCode(std::size_t bytes, std::uint32_t seed) {
  return Lines(kCodeLines, bytes, seed);
}

std::string MixedText(std::size_t bytes, std::uint32_t seed) {
  LineWriter writer(seed);
  std::string text;
  while (text.size() < bytes) {
    const auto next = static_cast<std::uint32_t>(writer.Below(1u << 30));
    const std::size_t size = 50 + writer.Below(500);
    switch (writer.Below(6)) {
      case 0: text += Prose(size, next, 3); break;
      case 1: text += LogLines(size, next); break;
      case 2: text += CsvRows(size, next); break;
      case 3: text += SourceCode(size, next); break;
      case 4: text += Repeated(writer.Line(kBeginnings), size); break;
      default: text += writer.Line(kBeginnings);
    }
  }
  text.resize(bytes);
  return text;
}

}  // namespace countersign::bench
