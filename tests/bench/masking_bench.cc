// What masking costs: bulk throughput, time per streamed chunk, what is held back, state per
// stream.
//   masking_bench [FILE]     FILE: text to mask, else generated prose

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "services/masking/profile_compiler.h"

namespace countersign {
namespace {

constexpr std::size_t kTextBytes = 4 << 20;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// Words with the lengths and spacing of English, a number here and there, a match per ~4 KB.
std::string Prose() {
  static constexpr const char* kWords[] = {
      "the",    "of",        "policy",   "and",  "gateway",  "to",   "in",    "review",
      "stream", "that",      "requests", "it",   "is",       "for",  "model", "answer",
      "was",    "on",        "evidence", "are",  "as",       "with", "their", "they",
      "at",     "inference", "this",     "have", "approval", "from", "or",    "had",
      "by",     "not",       "what",     "all",  "were",     "we",   "when",  "masking"};
  std::mt19937 random(7);
  std::string text;
  while (text.size() < kTextBytes) {
    const unsigned pick = random() % 1000;
    if (pick == 0) {
      text += "4111 1111 1111 1111";
    } else if (pick == 1) {
      text += "jane.doe@example.com";
    } else if (pick < 20) {
      text += std::to_string(random() % 10000);
    } else {
      text += kWords[random() % std::size(kWords)];
    }
    text += pick % 12 == 0 ? ". " : pick % 9 == 0 ? ",\n" : " ";
  }
  text.resize(kTextBytes);
  return text;
}

std::string Repeated(const std::string& piece) {
  std::string text;
  while (text.size() < kTextBytes / 4) text += piece;
  return text;
}

struct Streaming {
  double nanoseconds_per_chunk = 0;
  std::vector<std::size_t> held;
  std::size_t state_bytes = 0;
};

Streaming Stream(const std::shared_ptr<const text::RuleSet>& rules, const std::string& text,
                 std::size_t chunk) {
  Streaming result;
  text::RedactionStream stream(rules);
  std::string out;
  std::vector<text::RedactedSpan> spans;
  const auto start = std::chrono::steady_clock::now();
  std::size_t chunks = 0;
  for (std::size_t at = 0; at < text.size(); at += chunk, ++chunks) {
    out.clear();
    spans.clear();
    const absl::string_view piece = absl::string_view(text).substr(at, chunk);
    if (!stream.Feed(piece, false, &out, &spans).ok()) break;
    result.held.push_back(stream.held());
    result.state_bytes = std::max(result.state_bytes, stream.memory_bytes());
  }
  result.nanoseconds_per_chunk = Seconds(start) * 1e9 / static_cast<double>(chunks);
  std::sort(result.held.begin(), result.held.end());
  return result;
}

void Measure(const char* name, const std::shared_ptr<const text::RuleSet>& rules,
             const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  const auto redacted = text::RedactWhole(rules, text);
  const double bulk = static_cast<double>(text.size()) / Seconds(start) / 1e6;
  const Streaming small = Stream(rules, text, 5);
  const Streaming middle = Stream(rules, text, 16);
  double mean = 0;
  for (const std::size_t held : small.held) mean += static_cast<double>(held);
  mean /= static_cast<double>(small.held.size());
  std::printf(
      "%-22s %7.1f MB/s  %6.0f ns/16 B  %6.0f ns/5 B  held mean %.1f p50 %zu p99 %zu max %zu"
      "  state %zu B  replaced %zu\n",
      name, bulk, middle.nanoseconds_per_chunk, small.nanoseconds_per_chunk, mean,
      small.held[small.held.size() / 2], small.held[small.held.size() * 99 / 100],
      small.held.back(), small.state_bytes,
      redacted.ok() ? redacted->spans.size() : std::size_t{0});
}

std::shared_ptr<const text::RuleSet> Compiled(const std::vector<std::string>& entities) {
  const auto start = std::chrono::steady_clock::now();
  auto rules = masking::CompileEntities(entities).value();
  std::printf("%-22s %zu states, compiled in %.1f ms\n", entities[0].c_str(), rules->states(),
              Seconds(start) * 1e3);
  return rules;
}

// A dictionary of `terms` made-up words.
std::shared_ptr<const text::RuleSet> Dictionary(std::size_t terms) {
  std::mt19937 random(11);
  domain::Dictionary dictionary{"d", {}, domain::Normalize::kCaseless};
  for (std::size_t i = 0; i < terms; ++i) {
    std::string term;
    for (std::size_t left = 5 + random() % 10; left > 0; --left) {
      term += static_cast<char>('a' + random() % 26);
    }
    dictionary.terms.push_back(std::move(term));
  }
  domain::MaskingProfile profile;
  profile.response.emplace_back().dictionary = "d";
  const auto start = std::chrono::steady_clock::now();
  const auto compiled =
      masking::CompileProfile(profile, {{"d", dictionary}}, SecretString("key")).value();
  std::printf("%zu terms: %zu states, compiled in %.1f ms\n", terms, compiled.response->states(),
              Seconds(start) * 1e3);
  return compiled.response;
}

int Main(int argc, char** argv) {
  std::string text = Prose();
  if (argc > 1) {
    std::ifstream file(argv[1], std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  const auto all = Compiled({"tier1"});
  Measure("tier1, text", all, text);
  Measure("tier1, digits", all, Repeated("4111 1111 1111 1112 "));
  Measure("tier1, base64", all, Repeated("QUJDREVGRwabcdef0123"));
  Measure("tier1, CJK", all, Repeated("\xE4\xB8\xAD\xE6\x96\x87"));
  Measure("four, text", Compiled({"credit_card", "us_ssn", "email", "iban"}), text);
  for (const char* entity : {"credit_card", "us_ssn", "email", "iban", "phone", "ip_address",
                             "url_credentials", "jwt", "private_key", "secret.*"}) {
    Measure(entity, Compiled({entity}), text);
  }
  for (const std::size_t terms : {100, 1000, 10000}) {
    Measure("dictionary, text", Dictionary(terms), text);
  }
  return 0;
}

}  // namespace
}  // namespace countersign

int main(int argc, char** argv) { return countersign::Main(argc, argv); }
