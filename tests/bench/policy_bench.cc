// Measures decisions as the number of policies grows, and keywords as their number grows. Exits
// with 1 when a limit is exceeded.
//   policy_bench [decide|scan]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/text/matching/matcher.h"
#include "services/policy/rules/evaluator.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/rules/text_engine.h"

namespace countersign {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

// CPU time of this thread, which other load does not affect.
double ProcessorSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

constexpr double kMostTimesOfTenRules = 2;
constexpr double kLeastScanMegabytes = 200;
constexpr double kMostCompileSeconds = 10;

// A median in microseconds.
double Microseconds(const std::function<void()>& work) {
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.size() < 20 || Seconds(start) < 0.01) {
    const auto begin = Clock::now();
    work();
    times.push_back(Seconds(begin) * 1e6);
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

constexpr const char* kWords[] = {
    "the",    "of",        "policy",   "and",  "gateway",  "to",   "in",     "review", "stream",
    "that",   "requests",  "it",       "is",   "for",      "from", "model",  "answer", "was",
    "on",     "evidence",  "are",      "as",   "with",     "all",  "their",  "they",   "at",
    "return", "inference", "this",     "have", "approval", "or",   "had",    "by",     "not",
    "what",   "modern",    "customer", "were", "we",       "when", "masking"};
constexpr const char* kForeignWords[] = {
    "проверка", "текста", "für",   "Prüfung", "déjà", "naïve",  "日本語", "の",      "文章",
    "données",  "señor",  "über",  "αρχείο",  "для",  "ответ",  "запрос", "smörgås", "😀",
    "“quoted”", "–",      "file…", "łódź",    "año",  "한국어", "ελέγχου"};

// Words with the lengths and spacing of English; `foreign` of a hundred are in other scripts.
std::string Prose(std::size_t bytes, unsigned foreign, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::string text;
  bool begins = true;
  while (text.size() < bytes) {
    const unsigned pick = random() % 100;
    std::string word = pick < foreign ? kForeignWords[random() % std::size(kForeignWords)]
                                      : kWords[random() % std::size(kWords)];
    if (pick == 99) word = std::to_string(random() % 10000);
    if (begins && word[0] >= 'a') word[0] = static_cast<char>(word[0] - 32);
    begins = random() % 12 == 0;
    text += word + (begins ? ".\n" : random() % 9 == 0 ? ", " : " ");
  }
  return text;
}

// Built of English syllables, so that they have prefixes in common with the text's words.
std::string Term(std::mt19937& random) {
  static constexpr const char* kSyllables[] = {
      "con", "re",  "pro", "ment", "tion", "ing", "an", "de",  "ver", "ma",  "the", "in", "ter",
      "mod", "pol", "cus", "to",   "mer",  "app", "ro", "val", "st",  "eam", "gat", "e",  "way"};
  std::string term;
  for (unsigned left = 2 + random() % 3; left > 0; --left) {
    term += kSyllables[random() % std::size(kSyllables)];
  }
  if (random() % 3 == 0)
    absl::StrAppend(&term, " ", kSyllables[random() % std::size(kSyllables)], "x");
  if (random() % 4 == 0) absl::StrAppend(&term, "-", random() % 1000);
  return term + "q";  // so that it is not in the text
}

domain::Policy Rule(int number, const char* kind, domain::ResourceSet& set) {
  domain::Policy policy;
  policy.name = absl::StrCat("rule", number);
  policy.verdict = number % 2 == 0 ? domain::Verdict::kDeny : domain::Verdict::kReview;
  policy.review.reviewers = {"security"};
  domain::Condition when;
  when.path = "spec.when";
  const std::string name = kind;
  const int turn = name == "mixed" ? number % 4 : -1;
  if (name == "keywords" || turn == 0) {
    const std::string dictionary = absl::StrCat("d", number);
    std::mt19937 random(static_cast<unsigned>(number));
    set.dictionaries[dictionary] = {
        dictionary, {absl::StrCat(Term(random), number)}, domain::Normalize::kUnicode};
    when.leaf = domain::KeywordsCondition{dictionary, {}};
  } else if (name == "pattern" || turn == 1) {
    when.leaf = domain::PatternCondition{
        absl::StrCat("PRJ-", number, "-[0-9]{2,4}"), {}, domain::Normalize::kNone};
  } else if (name == "tokens" || turn == 2) {
    when.leaf = domain::TokensCondition{100'000 + static_cast<std::size_t>(number)};
  } else if (name == "parameter" || turn == 3) {
    when.leaf = domain::ParameterCondition{"max_tokens", 10'000.0 + number};
  } else if (name == "both") {  // the common condition holds, each one's own does not
    set.dictionaries["common"] = {"common", {"policy", "gateway"}, domain::Normalize::kUnicode};
    when.kind = domain::Condition::Kind::kAll;
    when.children.resize(2);
    when.children[0].leaf = domain::KeywordsCondition{"common", {}};
    when.children[1].leaf = domain::TokensCondition{100'000 + static_cast<std::size_t>(number)};
  } else if (name == "absent") {  // one of two must be missing, but both are present
    set.dictionaries["common"] = {"common", {"policy", "gateway"}, domain::Normalize::kUnicode};
    when.kind = domain::Condition::Kind::kAny;
    when.children.resize(2);
    for (domain::Condition& child : when.children) {
      child.kind = domain::Condition::Kind::kNot;
      child.children.resize(1);
    }
    when.children[0].children[0].leaf = domain::KeywordsCondition{"common", {}};
    when.children[1].children[0].leaf =
        domain::ParameterCondition{"max_tokens", 100.0 + number / 100.0};
  } else {  // for other groups, without conditions
    policy.match.groups = {absl::StrCat("team", number)};
    return policy;
  }
  policy.when = std::move(when);
  return policy;
}

std::shared_ptr<const policy::rules::Snapshot> Compiled(const char* kind, int rules) {
  static const policy::rules::LocalTextEngine engine;
  auto set = std::make_shared<domain::ResourceSet>();
  set->version = 1;
  set->connections["openai"].name = "openai";
  domain::Policy allow;
  allow.name = "everyone";
  allow.verdict = domain::Verdict::kAllow;
  set->policies[allow.name] = allow;
  for (int i = 0; i < rules; ++i) {
    domain::Policy rule = Rule(i, kind, *set);
    const std::string name = rule.name;
    set->policies[name] = std::move(rule);
  }
  return policy::rules::CompileSnapshot(set, engine, nullptr).value();
}

// Measures decisions about one prompt with sets of growing size, in turn; each figure is the
// minimum of many medians, so that other load affects all sizes or none.
bool DecideWith(const char* kind) {
  domain::Principal who;
  who.identity = "ann";
  who.groups = {"engineering", "oncall"};
  const std::string connection = "openai";
  constexpr int kRules[] = {10, 100, 1000, 10'000};
  constexpr std::size_t kBytes[] = {200, 10'240};
  std::vector<std::shared_ptr<const policy::rules::Snapshot>> snapshots;
  std::vector<double> compile;
  for (const int rules : kRules) {
    const double start = ProcessorSeconds();
    snapshots.push_back(Compiled(kind, rules));
    compile.push_back(ProcessorSeconds() - start);
  }
  double least[std::size(kRules)][std::size(kBytes)];
  std::fill_n(&least[0][0], std::size(kRules) * std::size(kBytes), 1e18);
  bool right = true;
  for (std::size_t size = 0; size < std::size(kBytes); ++size) {
    domain::Prompt prompt;
    prompt.operation = "chat.completions";
    prompt.model = "gpt-4o";
    prompt.parameters["max_tokens"] = 500;
    prompt.parts.push_back({"user", "/messages/0/content", Prose(kBytes[size], 0)});
    for (int round = 0; round < 15; ++round) {
      for (std::size_t i = 0; i < std::size(kRules); ++i) {
        least[i][size] = std::min(
            least[i][size], Microseconds([&] {
              right &= policy::rules::Evaluate(*snapshots[i], {who, connection, prompt})->policy ==
                       "everyone";
            }));
      }
    }
  }
  if (!right) std::printf("WRONG ANSWER\n");
  bool within = right;
  for (std::size_t i = 0; i < std::size(kRules); ++i) {
    std::printf("%-10s %7d %9.2f", kind, kRules[i], compile[i]);
    for (std::size_t size = 0; size < std::size(kBytes); ++size) {
      const double times = least[i][size] / least[0][size];
      std::printf(" %7.2f (%4.2fx)", least[i][size], times);
      within &= times <= kMostTimesOfTenRules;
    }
    std::printf("\n");
  }
  std::fflush(stdout);
  return within;
}

bool Decide() {
  std::printf("decision time, at most %.0f times that of ten rules\n", kMostTimesOfTenRules);
  std::printf("%-10s %7s %9s %15s %15s\n", "condition", "rules", "compile s", "200 B, us",
              "10 KB, us");
  bool within = true;
  for (const char* const kind :
       {"keywords", "pattern", "tokens", "parameter", "group", "both", "absent", "mixed"}) {
    within &= DecideWith(kind);
  }
  return within;
}

bool Scan() {
  bool within = true;
  std::printf("keywords of one dictionary, at least %.0f MB/s, compiled in at most %.0f s\n",
              kLeastScanMegabytes, kMostCompileSeconds);
  std::printf("%-10s %7s %9s %12s %12s %12s\n", "normalize", "terms", "compile s", "ASCII MB/s",
              "10 % MB/s", "50 % MB/s");
  const std::string texts[] = {Prose(4 << 20, 0), Prose(4 << 20, 10), Prose(4 << 20, 50)};
  for (const auto& [name, view] : {std::pair("none", text::matching::View::kRaw),
                                   std::pair("caseless", text::matching::View::kCaseless),
                                   std::pair("unicode", text::matching::View::kUnicode)}) {
    for (const std::size_t count : {std::size_t{100}, std::size_t{100'000}}) {
      std::mt19937 random(3);
      std::set<std::string> words;
      while (words.size() < count) {
        words.insert(absl::StrCat(Term(random), words.size() > 40'000 ? random() % 1000 : 0));
      }
      std::vector<text::matching::MatchTerm> terms;
      for (const std::string& word : words) terms.push_back({word, false, view, 1});
      terms.push_back({"zq", false, view, 1});  // short keywords use another form
      const double start = ProcessorSeconds();
      const auto matcher = text::matching::Matcher::Compile(terms).value();
      const double compile = ProcessorSeconds() - start;
      within &= compile <= kMostCompileSeconds;
      std::printf("%-10s %7zu %9.2f", name, count, compile);
      for (const std::string& text : texts) {
        double best = 0;
        std::size_t hits = 0;
        for (int round = 0; round < 15; ++round) {
          const double begin = ProcessorSeconds();
          hits += matcher->Scan(text)->size();
          const double seconds = ProcessorSeconds() - begin;
          best = std::max(best, static_cast<double>(text.size()) / seconds / 1e6);
        }
        std::printf(" %12.0f%s", best, hits == 0 ? "" : "!");
        within &= best >= kLeastScanMegabytes && hits == 0;
      }
      std::printf("\n");
      std::fflush(stdout);
    }
  }
  return within;
}

}  // namespace
}  // namespace countersign

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  bool within = true;
  if (what != "scan") within &= countersign::Decide();
  if (what != "decide") within &= countersign::Scan();
  return within ? 0 : 1;
}
