// Measures a masking profile's dictionary by its number of terms: compiling, memory, whole texts,
// and streams in pieces of 16 bytes; compared with the default set alone.
//   terms_bench [--quick]

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/redaction/term_rules.h"
#include "tests/bench/masking_corpus.h"
#include "tests/bench/timing.h"

namespace countersign::bench {
namespace {

using Rules = std::shared_ptr<const text::redaction::RuleSet>;

// Names of people as in a list of customers: few first names, many last names.
std::vector<std::string> Names(std::size_t count) {
  std::mt19937 random(7);
  const std::vector<std::string> syllables = {
      "an", "bel", "ca",  "da", "el", "fi",  "ga", "ha",  "il", "jo", "ka", "lo",
      "ma", "na",  "or",  "pa", "ri", "sa",  "ta", "ul",  "vi", "wa", "xe", "ya",
      "zo", "ber", "son", "mé", "lö", "ski", "de", "ren", "th", "ov", "ez", "ner"};
  const auto word = [&](std::size_t least) {
    std::string text;
    for (std::size_t n = least + random() % 3; n > 0; --n) {
      text += syllables[random() % syllables.size()];
    }
    text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
    return text;
  };
  std::vector<std::string> first;
  for (int i = 0; i < 1500; ++i) first.push_back(word(1));
  std::set<std::string> names;
  while (names.size() < count) {
    names.insert(absl::StrCat(first[random() % first.size()], " ", word(2)));
  }
  return {names.begin(), names.end()};
}

// Identifiers without common parts, the worst case for sharing.
std::vector<std::string> Identifiers(std::size_t count) {
  std::mt19937 random(8);
  std::vector<std::string> terms;
  for (std::size_t i = 0; i < count; ++i) {
    terms.push_back(absl::StrFormat("%06x-%06x", random() & 0xFFFFFF, random() & 0xFFFFFF));
  }
  return terms;
}

std::vector<text::redaction::RedactionRule> DefaultRules() {
  std::vector<text::redaction::RedactionRule> rules;
  const std::vector<const text::detectors::Detector*> detectors =
      text::detectors::FindDetectors("tier1").value();
  for (const text::detectors::Detector* detector : detectors) {
    rules.push_back(text::detectors::ToRule(*detector));
  }
  return rules;
}

struct Timing {
  double megabytes_per_second;
  double microseconds_per_chunk;
};

Timing Measure(const Rules& rules, const std::string& text) {
  double whole = 0;
  double streamed = 0;
  for (int round = 0; round < 3; ++round) {  // the first one warms up
    double begin = CpuNow();
    std::string released;
    std::vector<text::redaction::RedactedSpan> spans;
    for (std::size_t at = 0; at < text.size(); at += 1 << 20) {
      text::redaction::RedactionStream stream(rules);
      if (!stream.Feed(absl::string_view(text).substr(at, 1 << 20), true, &released, &spans).ok()) {
        std::abort();
      }
    }
    whole = CpuNow() - begin;
    released.clear();
    text::redaction::RedactionStream stream(rules);
    begin = CpuNow();
    for (std::size_t at = 0; at < text.size(); at += 16) {
      const bool end = at + 16 >= text.size();
      const absl::string_view chunk = absl::string_view(text).substr(at, 16);
      if (!stream.Feed(chunk, end, &released, &spans).ok()) std::abort();
    }
    streamed = CpuNow() - begin;
  }
  return {static_cast<double>(text.size()) / 1e6 / whole,
          streamed * 1e6 / (static_cast<double>(text.size()) / 16)};
}

// The text with a name every few bytes.
std::string WithNames(const std::string& text, const std::vector<std::string>& names,
                      std::size_t distance) {
  std::string mixed;
  std::size_t next = 0;
  for (std::size_t at = 0; at < text.size(); at += distance) {
    absl::StrAppend(&mixed, text.substr(at, distance), " ", names[next++ * 7919 % names.size()],
                    " ");
  }
  return mixed;
}

void Run(const std::string& label, const std::vector<std::string>& terms, bool with_default,
         const std::string& prose) {
  malloc_trim(0);
  const struct mallinfo2 before = mallinfo2();
  const double begin = Now();
  std::vector<text::redaction::RedactionRule> rules;
  if (with_default) rules = DefaultRules();
  std::vector<text::redaction::RedactionRule> found =
      text::redaction::TermRules(terms, text::redaction::TermFolding::kUnicode).value();
  for (text::redaction::RedactionRule& rule : found) {
    rule.entity = "name";
    rule.replacement = "<NAME>";
    rules.push_back(std::move(rule));
  }
  auto compiled = text::redaction::RuleSet::Compile(std::move(rules));
  const double seconds = Now() - begin;
  if (!compiled.ok()) {
    absl::PrintF("%-34s %s\n", label, compiled.status().message());
    return;
  }
  const double megabytes = static_cast<double>(mallinfo2().uordblks - before.uordblks) / (1 << 20);
  const Timing plain = Measure(*compiled, prose);
  const Timing mixed =
      Measure(*compiled, WithNames(prose, terms.empty() ? Names(100) : terms, 200));
  const double after = static_cast<double>(mallinfo2().uordblks - before.uordblks) / (1 << 20);
  absl::PrintF("%-34s %8d %7.2f s %7.1f / %6.1f MB %7.0f %6.2f %7.0f %6.2f\n", label,
               (*compiled)->states(), seconds, megabytes, after, plain.megabytes_per_second,
               plain.microseconds_per_chunk, mixed.megabytes_per_second,
               mixed.microseconds_per_chunk);
}

int Main(bool quick) {
  const std::string prose = Prose(quick ? 1 << 20 : 4 << 20, 1, 10);
  absl::PrintF("%-34s %8s %9s %20s %14s %14s\n", "terms", "states", "compile", "memory, and in use",
               "prose", "with names");
  absl::PrintF("%-34s %8s %9s %20s %14s %14s\n", "", "", "", "", "MB/s us/chunk", "MB/s us/chunk");
  Run("none, default set", {}, true, prose);
  for (const std::size_t count : {1000, 20000, 100000}) {
    Run(absl::StrCat(count, " names"), Names(count), false, prose);
    Run(absl::StrCat(count, " names, default set"), Names(count), true, prose);
  }
  Run("20000 identifiers", Identifiers(20000), false, prose);
  return 0;
}

}  // namespace
}  // namespace countersign::bench

int main(int argc, char** argv) {
  return countersign::bench::Main(argc > 1 && absl::string_view(argv[1]) == "--quick");
}
