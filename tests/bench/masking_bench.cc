// Measures masking with the default set: whole texts beside a plain Hyperscan scan of the same
// patterns, streams in small chunks, held text, and the state of a stream; each with its limit.
//   masking_bench [--json FILE] [--quick] [--streams] [TEXT_FILE]
//   masking_bench --holders [TEXT_FILE]     which rules but `email` hold text back, how often

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/pattern_database.h"
#include "libs/text/regex/regex_printer.h"
#include "tests/bench/hold_reference.h"
#include "tests/bench/holders.h"
#include "tests/bench/machine_corpus.h"
#include "tests/bench/masking_corpus.h"
#include "tests/bench/timing.h"

namespace countersign::bench {
namespace {

using Rules = std::shared_ptr<const text::redaction::RuleSet>;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Figure {
  std::string name;
  double value;
  std::string unit;
  double limit = 0;  // 0: none
  bool at_least = false;

  bool Holds() const { return limit == 0 || (at_least ? value >= limit : value <= limit); }
};

std::vector<Figure> figures;

void Report(Figure figure) {
  std::string limit;
  if (figure.limit != 0) {
    limit = absl::StrFormat("%s %g %s", figure.at_least ? "at least" : "at most", figure.limit,
                            figure.Holds() ? "" : "  MISSED");
  }
  absl::PrintF("  %-58s %10.2f %-6s %s\n", figure.name, figure.value, figure.unit, limit);
  figures.push_back(std::move(figure));
}

// The default set's detectors except `without`.
std::vector<text::redaction::RedactionRule> DefaultRules(const std::string& without = "") {
  std::vector<text::redaction::RedactionRule> rules;
  const std::vector<const text::detectors::Detector*> detectors =
      text::detectors::FindDetectors("tier1").value();
  for (const text::detectors::Detector* detector : detectors) {
    if (detector->entity != without) rules.push_back(text::detectors::ToRule(*detector));
  }
  return rules;
}

Rules Compiled(std::vector<text::redaction::RedactionRule> rules) {
  return text::redaction::RuleSet::Compile(std::move(rules)).value();
}

// The unmodified patterns of the rules in one database; a pattern that Hyperscan refuses is
// replaced by the relaxed form that the masker scans for.
struct Bare {
  std::unique_ptr<text::regex::PatternDatabase> database;
  std::size_t relaxed = 0;
  std::size_t dropped = 0;
};

Bare BareDatabase(const std::vector<text::redaction::RedactionRule>& rules) {
  std::vector<text::regex::DatabasePattern> exact;
  std::vector<text::regex::DatabasePattern> relaxed;
  for (const text::redaction::RedactionRule& rule : rules) {
    const text::regex::Regex folded = text::regex::Folded(rule.regex);
    exact.push_back(
        {text::regex::PrintRegex(folded.root, text::regex::kUnbounded, text::regex::kUnbounded),
         true});
    relaxed.push_back({text::regex::PrintRegex(folded.root, 16, 128), true});
  }
  Bare bare;
  while (!exact.empty()) {
    text::regex::PatternDatabase::CompileError error;
    auto database = text::regex::PatternDatabase::Compile(exact, &error);
    if (database.ok()) {
      bare.database = *std::move(database);
      break;
    }
    if (!error.names_pattern) break;
    const auto at = static_cast<std::ptrdiff_t>(error.pattern);
    if (exact[error.pattern].expression == relaxed[error.pattern].expression ||
        relaxed[error.pattern].expression.empty()) {
      exact.erase(exact.begin() + at);
      relaxed.erase(relaxed.begin() + at);
      ++bare.dropped;
    } else {
      exact[error.pattern] = relaxed[error.pattern];
      ++bare.relaxed;
    }
  }
  return bare;
}

void MeasureBulk(const Rules& rules, const Bare& bare, const std::string& text, int rounds) {
  std::vector<double> masked;
  std::vector<double> scanned;
  std::size_t spans = 0;
  std::size_t hits = 0;
  for (int round = 0; round < rounds; ++round) {
    double start = CpuNow();
    const auto redacted = text::redaction::RedactWhole(rules, text);
    masked.push_back(CpuNow() - start);
    spans = redacted.ok() ? redacted->spans.size() : 0;
    hits = 0;
    start = CpuNow();
    if (!bare.database->Scan(text, [&hits](std::uint32_t, std::size_t) { ++hits; }).ok()) return;
    scanned.push_back(CpuNow() - start);
  }
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  const double speed = megabytes / Median(masked);
  const double bare_speed = megabytes / Median(scanned);
  absl::PrintF("whole text, %.0f MB, %d replaced (one per %.1f KB)\n", megabytes, spans,
               megabytes * 1e3 / static_cast<double>(std::max<std::size_t>(spans, 1)));
  Report({"bulk", speed, "MB/s", 300, true});
  Report({absl::StrCat("bare Hyperscan, same patterns (", bare.relaxed, " relaxed, ", bare.dropped,
                       " refused; ", hits, " hits)"),
          bare_speed, "MB/s"});
  Report({"bulk / bare Hyperscan", 100 * speed / bare_speed, "%", 50, true});
}

void MeasureHostile(const Rules& rules, bool quick) {
  const std::size_t size = quick ? 2'000'000 : 10'000'000;
  absl::PrintF("hostile whole texts, and twice as much of each\n");
  for (const auto& [name, piece] : std::vector<std::pair<std::string, std::string>>{
           {"digits", "4111 1111 1111 1112 9"},
           {"base64", "QUJDREVGRwabcdef0123+/"},
           {"a.a.a.@", "a.a.a.a.a.@"},
           {"PEM without end", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n"},
           {"::::", "::::"}}) {
    std::vector<double> seconds;
    for (const std::size_t length : {size, 2 * size}) {
      std::string text = name[0] == 'P' ? "-----BEGIN PRIVATE KEY-----\n" : "";
      text += Repeated(piece, length);
      const double start = CpuNow();
      if (!text::redaction::RedactWhole(rules, text).ok()) absl::PrintF("%s: refused\n", name);
      seconds.push_back(CpuNow() - start);
    }
    Report({absl::StrCat(name, ": speed"), static_cast<double>(size) / 1e6 / seconds[0], "MB/s"});
    Report({absl::StrCat(name, ": time of twice the length"), seconds[1] / seconds[0], "x", 2.6});
  }
}

// The ends of chunks of four tokens, as tokenizers split English: a word with the preceding space,
// up to three digits, or a punctuation mark.
std::vector<std::size_t> FourTokenEnds(const std::string& text) {
  const auto is_letter = [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); };
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  std::vector<std::size_t> ends;
  std::size_t tokens = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + (text[at] == ' ' && at + 1 < text.size() ? 1 : 0);
    if (is_letter(text[end])) {
      while (end < text.size() && is_letter(text[end])) ++end;
    } else if (is_digit(text[end])) {
      for (int i = 0; i < 3 && end < text.size() && is_digit(text[end]); ++i) ++end;
    } else {
      ++end;
    }
    at = end;
    if (++tokens % 4 == 0) ends.push_back(end);
  }
  ends.push_back(text.size());
  return ends;
}

std::vector<std::size_t> EveryBytes(const std::string& text, std::size_t chunk) {
  std::vector<std::size_t> ends;
  for (std::size_t at = chunk; at < text.size() + chunk; at += chunk) {
    ends.push_back(std::min(at, text.size()));
  }
  return ends;
}

struct Streamed {
  double microseconds_per_chunk = 0;
  std::vector<std::size_t> held;  // sorted
  std::size_t state_bytes = 0;    // the maximum, without held text
};

Streamed Stream(const Rules& rules, const std::string& text, const std::vector<std::size_t>& ends) {
  Streamed result;
  result.held.reserve(ends.size());
  text::redaction::RedactionStream stream(rules);
  std::string out;
  std::vector<text::redaction::RedactedSpan> spans;
  const double start = CpuNow();
  std::size_t at = 0;
  for (const std::size_t end : ends) {
    out.clear();
    spans.clear();
    const absl::string_view piece = absl::string_view(text).substr(at, end - at);
    if (!stream.Feed(piece, false, &out, &spans).ok()) break;
    result.held.push_back(stream.held());
    result.state_bytes = std::max(result.state_bytes, stream.memory_bytes() - stream.held());
    at = end;
  }
  result.microseconds_per_chunk = (CpuNow() - start) * 1e6 / static_cast<double>(ends.size());
  std::sort(result.held.begin(), result.held.end());
  return result;
}

double Mean(const std::vector<std::size_t>& values) {
  double sum = 0;
  for (const std::size_t value : values) sum += static_cast<double>(value);
  return sum / static_cast<double>(values.size());
}

double Percentile(const std::vector<std::size_t>& sorted, std::size_t percent) {
  return static_cast<double>(sorted[sorted.size() * percent / 100]);
}

void MeasureHold(const Rules& rules, const Rules& without_email, const std::string& text) {
  const std::vector<std::size_t> ends = FourTokenEnds(text);
  const Streamed prose = Stream(rules, text, ends);
  absl::PrintF("held back after chunks of four tokens of %.1f MB\n",
               static_cast<double>(text.size()) / 1e6);
  Report({"mean", Mean(prose.held), "B", 6});
  Report({"p99", Percentile(prose.held, 99), "B", 20});
  const Streamed plain = Stream(without_email, text, ends);
  const auto none = std::upper_bound(plain.held.begin(), plain.held.end(), 0) - plain.held.begin();
  Report({"without email: chunks after which nothing is held",
          100.0 * static_cast<double>(none) / static_cast<double>(plain.held.size()), "%", 75,
          true});
}

void MeasureHoldOfNine(const std::string& text) {
  HoldComparison held = CompareHold(text, FourTokenEnds(text));
  std::sort(held.ours.begin(), held.ours.end());
  std::sort(held.definition.begin(), held.definition.end());
  absl::PrintF("held back with nine rules, beside what their definition says, %d chunks\n",
               held.ours.size());
  Report({"mean", Mean(held.ours), "B", Mean(held.definition)});
  Report({"p99", Percentile(held.ours, 99), "B", Percentile(held.definition, 99)});
  Report({"most", static_cast<double>(held.ours.back()), "B",
          static_cast<double>(held.definition.back())});
  Report({"chunks after which more is held", static_cast<double>(held.more), "", 0.5});
}

void PrintHolders(const std::string& text) {
  constexpr std::size_t kShown = 25;
  std::vector<const text::detectors::Detector*> detectors =
      text::detectors::FindDetectors("tier1").value();
  std::erase_if(detectors, [](const auto* detector) { return detector->entity == "email"; });
  const std::vector<Holder> holders = FindHolders(detectors, text, FourTokenEnds(text));
  absl::PrintF("%9s %9s %6s  after chunks of four tokens, by rule\n", "hold", "alone", "mean");
  for (std::size_t i = 0; i < std::min(kShown, holders.size()); ++i) {
    absl::PrintF("%7.2f %% %7.2f %% %4.1f B  %s\n", holders[i].chunks, holders[i].alone,
                 holders[i].mean_bytes, holders[i].name);
  }
}

struct NamedText {
  std::string name;
  std::string text;
  double limit = 3;  // us per chunk; 0: none
};

// CPU time and state for ordinary text, which has a limit, and for difficult text.
void MeasureChunks(const Rules& rules, const std::string& prose) {
  constexpr std::size_t kBytes = 400'000;
  std::vector<NamedText> texts = {{"prose", prose},
                                  {"source code", SourceCode(kBytes, 3)},
                                  {"log lines", LogLines(kBytes, 3)},
                                  {"CSV", CsvRows(kBytes, 3)},
                                  {"mixed", MixedText(kBytes, 3)}};
  for (const auto& [name, piece] : std::vector<std::pair<std::string, std::string>>{
           {"digits", "4111 1111 1111 1112 9"},
           {"base64", "QUJDREVGRwabcdef0123+/"},
           {"a.a.a.@", "a.a.a.a.a.@"},
           {"1.2.3.", "1.2.3.4.5.6."},
           {"a=b&", "api_key=a1&secret=b2&token=c3;"},
           {"key-", "key-"},
           {"a:a:1:", "a:a:1:"},
           {"chinese", "\u4E2D\u6587"},
           {"disguised digits", "\uFF14\u0661\u200B1 "}}) {
    texts.push_back({name, Repeated(piece, kBytes), 0});
  }
  absl::PrintF("streams in chunks of 16 bytes\n");
  for (const NamedText& text : texts) {
    std::vector<double> per_chunk;
    std::size_t state = 0;
    for (int round = 0; round < 5; ++round) {
      const Streamed streamed = Stream(rules, text.text, EveryBytes(text.text, 16));
      per_chunk.push_back(streamed.microseconds_per_chunk);
      state = streamed.state_bytes;
    }
    Report({absl::StrCat(text.name, ": CPU per chunk"), Median(per_chunk), "us", text.limit});
    Report({absl::StrCat(text.name, ": state, most"), static_cast<double>(state), "B", 2048});
  }
}

// Measures concurrent streams with different texts.
void MeasureManyStreams(const Rules& rules, std::size_t count) {
  constexpr std::size_t kBytes = 2000;
  std::vector<text::redaction::RedactionStream> streams;
  streams.reserve(count);
  const std::size_t before = mallinfo2().uordblks;
  std::size_t most = 0;
  std::size_t all = 0;
  std::size_t held = 0;
  std::string out;
  std::vector<text::redaction::RedactedSpan> spans;
  for (std::size_t i = 0; i < count; ++i) {
    text::redaction::RedactionStream& stream = streams.emplace_back(rules);
    const std::string text = MixedText(kBytes, static_cast<std::uint32_t>(i + 1));
    for (std::size_t at = 0; at < text.size(); at += 16) {
      out.clear();
      spans.clear();
      if (!stream.Feed(absl::string_view(text).substr(at, 16), false, &out, &spans).ok()) break;
      most = std::max(most, stream.memory_bytes() - stream.held());
    }
    all += stream.memory_bytes() - stream.held();
    held += stream.held();
  }
  const double heap =
      static_cast<double>(mallinfo2().uordblks - before - held) / static_cast<double>(count) +
      sizeof(text::redaction::RedactionStream);
  absl::PrintF("%d streams at a time, each after %d bytes of mixed text\n", count, kBytes);
  Report({"state, most at any time", static_cast<double>(most), "B", 2048});
  Report({"state, mean", static_cast<double>(all) / static_cast<double>(count), "B", 2048});
  Report({"memory as the heap counts it, mean", heap, "B", 2048});
  const std::string longer = MixedText(1'000'000, 1);
  const Streamed single = Stream(rules, longer, EveryBytes(longer, 16));
  Report({"state of one after 1 MB, most", static_cast<double>(single.state_bytes), "B", 2048});
}

void MeasureWholeTexts(const std::vector<text::redaction::RedactionRule>& default_rules,
                       const Rules& rules, const std::string& text, bool quick) {
  const double start = Now();
  const Bare bare = BareDatabase(default_rules);
  absl::PrintF("bare Hyperscan: compiled in %.0f ms\n", (Now() - start) * 1e3);
  MeasureBulk(rules, bare, text, quick ? 5 : 9);
  MeasureHostile(rules, quick);
}

bool WriteJson(const std::string& path) {
  std::vector<std::string> lines;
  for (const Figure& figure : figures) {
    lines.push_back(absl::StrFormat(
        R"(  {"name": "%s", "value": %.3f, "unit": "%s", "limit": %s, "kind": "%s", "holds": %s})",
        figure.name, figure.value, figure.unit,
        figure.limit == 0 ? "null" : absl::StrFormat("%g", figure.limit),
        figure.limit == 0 ? "none" : (figure.at_least ? "atLeast" : "atMost"),
        figure.Holds() ? "true" : "false"));
  }
  std::ofstream file(path);
  file << "[\n" << absl::StrJoin(lines, ",\n") << "\n]\n";
  return file.good();
}

int Main(int argc, char** argv) {
  std::string json;
  std::string path;
  bool quick = false;
  bool streams_only = false;
  bool holders = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--json" && i + 1 < argc) {
      json = argv[++i];
    } else if (argument == "--quick") {
      quick = true;
    } else if (argument == "--streams") {
      streams_only = true;
    } else if (argument == "--holders") {
      holders = true;
    } else {
      path = argument;
    }
  }
  std::string text = Prose(quick ? 8'000'000 : 32'000'000, 7, 15);
  if (!path.empty()) {
    std::ifstream file(path, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (holders) {
    PrintHolders(text.substr(0, 250'000));
    return 0;
  }
  const std::vector<text::redaction::RedactionRule> default_rules = DefaultRules();
  const double start = Now();
  const Rules rules = Compiled(default_rules);
  absl::PrintF("default set: %d rules, %d states, compiled in %.0f ms\n", default_rules.size(),
               rules->states(), (Now() - start) * 1e3);
  if (!streams_only) MeasureWholeTexts(default_rules, rules, text, quick);
  const std::string prose = text.substr(0, 2'000'000);
  MeasureChunks(rules, prose);
  MeasureHold(rules, Compiled(DefaultRules("email")), prose);
  MeasureHoldOfNine(prose.substr(0, quick ? 60'000 : 250'000));
  MeasureManyStreams(rules, quick ? 2'000 : 10'000);
  return json.empty() || WriteJson(json) ? 0 : 1;
}

}  // namespace
}  // namespace countersign::bench

int main(int argc, char** argv) { return countersign::bench::Main(argc, argv); }
