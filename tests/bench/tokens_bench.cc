// Measures token counting: bytes per second by script, and the time for texts that are hard to
// split. Best of twelve runs, CPU time of one thread. Exits with 1 when a limit is exceeded.
//   tokens_bench          from the root of the repository

#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "libs/text/tokens/tokenizer.h"

namespace countersign {
namespace {

constexpr double kLeastMegabytesPerSecond = 40;
constexpr double kMostSecondsPerMebibyte = 0.15;
constexpr std::size_t kMebibyte = 1 << 20;
constexpr const char* kTokenizers[] = {"o200k_base", "o200k_harmony", "cl100k_base", "llama3",
                                       "estimate"};

struct Sample {
  std::string name;
  std::string text;
};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double BestSeconds(const text::tokens::Tokenizer& tokenizer, const std::string& text) {
  double best = 1e9;
  for (int round = 0; round < 12; ++round) {
    const double start = CpuSeconds();
    if (tokenizer.Count(text) == 0) std::printf("counted nothing\n");
    best = std::min(best, CpuSeconds() - start);
  }
  return best;
}

std::string ReadFile(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Repeated(const std::string& piece, std::size_t size) {
  std::string text;
  while (text.size() < size) text += piece;
  return text;
}

// tests/testdata/tokenizer/texts.zst; scripts/tokenizer-data/texts.mjs describes the file.
std::vector<Sample> Declarations() {
  const std::string packed = ReadFile("tests/testdata/tokenizer/texts.zst");
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) return {};
  std::string plain(size, '\0');
  ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
  std::vector<Sample> samples;
  for (std::size_t pos = 0; pos < plain.size();) {
    Sample sample;
    for (std::string* part : {&sample.name, &sample.text}) {
      const std::size_t end = plain.find('\0', pos);
      *part = plain.substr(pos, end - pos);
      pos = end + 1;
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::string RandomText(std::size_t size, const std::function<std::string(std::mt19937&)>& next) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += next(random);
  return text;
}

std::string Utf8(char32_t code_point) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  if (code_point < 0x80) return {byte(code_point)};
  if (code_point < 0x800) return {byte(0xc0 | code_point >> 6), byte(0x80 | (code_point & 63))};
  if (code_point < 0x10000) {
    return {byte(0xe0 | code_point >> 12), byte(0x80 | (code_point >> 6 & 63)),
            byte(0x80 | (code_point & 63))};
  }
  return {byte(0xf0 | code_point >> 18), byte(0x80 | (code_point >> 12 & 63)),
          byte(0x80 | (code_point >> 6 & 63)), byte(0x80 | (code_point & 63))};
}

std::string RandomText(const std::string& alphabet, std::size_t size) {
  return RandomText(size, [&](std::mt19937& random) {
    return std::string(1, alphabet[random() % alphabet.size()]);
  });
}

const std::string kLetters = "abcdefghijklmnopqrstuvwxyz";
const std::string kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + kLetters + "0123456789+/";

std::vector<Sample> OrdinaryTexts() {
  std::vector<Sample> samples = Declarations();
  std::string all;
  for (const Sample& sample : samples) all += sample.text;
  samples.push_back({"all of these", all});
  samples.push_back({"code", ReadFile("libs/text/redaction/redaction.cc") +
                                 ReadFile("libs/text/tokens/vocabulary.cc") +
                                 ReadFile("libs/text/regex/regex_parser.cc")});
  samples.push_back({"base64", RandomText(kBase64, kMebibyte)});
  samples.push_back({"digits", RandomText("0123456789", kMebibyte)});
  return samples;
}

// A mebibyte each of texts that took other counters minutes.
std::vector<Sample> HardTexts() {
  const auto letters = [](std::mt19937& random) {
    return Utf8(0x20 + static_cast<char32_t>(random() % 0xd000));
  };
  // Invalid UTF-8 is replaced by U+FFFD.
  const auto bytes = [](std::mt19937& random) {
    const auto byte = static_cast<char32_t>(random() % 256);
    return Utf8(byte < 0x80 ? byte : 0xfffd);
  };
  return {
      {"one letter", std::string(kMebibyte, 'x')},
      {"spaces", std::string(kMebibyte, ' ')},
      {"line breaks", std::string(kMebibyte, '\n')},
      {"one digit", std::string(kMebibyte, '7')},
      {"one Han character", Repeated("\xe4\xb8\xad", kMebibyte)},
      {"one emoji", Repeated("\xf0\x9f\x98\x80", kMebibyte)},
      {"one accent", Repeated("\xcc\x81", kMebibyte)},
      {"random bytes", RandomText(kMebibyte, bytes)},
      {"random code points", RandomText(kMebibyte, letters)},
      {"random letters", RandomText(kLetters, kMebibyte)},
      {"random dots, colons", RandomText(".:", kMebibyte)},
      {"random punctuation", RandomText(".:-=_*#/", kMebibyte)},
      {"random white space", RandomText(" \n\t  ", kMebibyte)},
  };
}

// Prints one row; returns whether `within` holds for every figure.
bool Row(const Sample& sample, const std::function<double(double seconds)>& figure,
         const char* format, const std::function<bool(double)>& within) {
  std::printf("%-20s", sample.name.c_str());
  bool all_within = true;
  for (const char* name : kTokenizers) {
    const double value = figure(BestSeconds(**text::tokens::Tokenizer::ByName(name), sample.text));
    std::printf(format, value);
    all_within &= within(value);
  }
  std::printf("%s\n", all_within ? "" : "  beyond the limit");
  return all_within;
}

void Head(const char* title) {
  std::printf("\n%s\n%-20s", title, "");
  for (const char* name : kTokenizers) std::printf("%14s", name);
  std::printf("\n");
}

int Main() {
  bool all_within = true;
  for (const char* name : kTokenizers) {
    const double start = CpuSeconds();
    const auto tokenizer = text::tokens::Tokenizer::ByName(name);
    std::printf("%s: built in %.0f ms\n", (*tokenizer)->name().data(),
                (CpuSeconds() - start) * 1e3);
  }
  Head("MB/s by script, at least 40");
  for (Sample& sample : OrdinaryTexts()) {
    sample.text = Repeated(sample.text, kMebibyte);
    const auto speed = [&](double seconds) {
      return static_cast<double>(sample.text.size()) / seconds / 1e6;
    };
    all_within &= Row(sample, speed, "%14.0f",
                      [](double value) { return value >= kLeastMegabytesPerSecond; });
  }
  Head("seconds for a mebibyte, at most 0.15");
  for (const Sample& sample : HardTexts()) {
    all_within &= Row(
        sample, [](double seconds) { return seconds; }, "%14.3f",
        [](double value) { return value <= kMostSecondsPerMebibyte; });
  }
  return all_within ? 0 : 1;
}

}  // namespace
}  // namespace countersign

int main() { return countersign::Main(); }
