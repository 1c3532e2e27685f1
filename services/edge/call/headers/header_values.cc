#include "services/edge/call/headers/header_values.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/base/encoding.h"
#include "libs/base/hex_digits.h"
#include "libs/crypto/hash.h"

namespace countersign::edge::call::headers {
namespace {

constexpr std::size_t kLongestValue = 512;
constexpr std::size_t kLongestWord = 16;
constexpr std::size_t kLongestAnyCase = 12;
constexpr std::size_t kMostDigitsOfItem = 8;
constexpr std::size_t kMostDigitsOfNumber = 11;
constexpr std::size_t kMostDigitsOfFraction = 9;
constexpr std::size_t kLongestId = 40;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }

std::size_t Digits(absl::string_view value) {
  return static_cast<std::size_t>(std::count_if(value.begin(), value.end(), IsDigit));
}

bool AllOf(absl::string_view value, absl::string_view more) {
  return !value.empty() && value.size() <= kLongestValue &&
         std::all_of(value.begin(), value.end(),
                     [&](char c) { return IsAlnum(c) || absl::StrContains(more, c); });
}

bool IsUuid(absl::string_view value) {
  if (value.size() != 36) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? value[i] != '-' : !IsHexDigit(value[i])) return false;
  }
  return true;
}

// The check digit that cards have.
bool PassesLuhn(absl::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] - '0';
    sum += i % 2 == 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 == 0;
}

// Whether a row of digits, which dashes do not end, may hold the number of a card or an account. Of
// random identifiers of 32 hexadecimal digits one in a hundred does.
bool MayHoldPersonalNumber(absl::string_view value) {
  constexpr std::size_t kShortestCard = 12;
  constexpr std::size_t kLongestCard = 19;
  std::string row;
  const auto is_personal = [&] {
    if (row.size() > kLongestCard) return true;
    for (std::size_t begin = 0; begin + kShortestCard <= row.size(); ++begin) {
      for (std::size_t size = kShortestCard; begin + size <= row.size(); ++size) {
        if (PassesLuhn(absl::string_view(row).substr(begin, size))) return true;
      }
    }
    return false;
  };
  for (const char c : value) {
    if (IsDigit(c)) {
      row += c;
    } else if (c != '-') {
      if (is_personal()) return true;
      row.clear();
    }
  }
  return is_personal();
}

// Two letters and digits, as in many countries' IBAN.
bool LooksLikeIban(absl::string_view value) {
  return value.size() > 2 && !IsDigit(value[0]) && !IsDigit(value[1]) &&
         Digits(value) == value.size() - 2 && Digits(value) > kMostDigitsOfNumber;
}

// A row of capitals and digits, as in the names of access keys (AKIA…).
bool HasCapitalRow(absl::string_view value) {
  constexpr std::size_t kShortestKey = 16;
  std::size_t row = 0;
  for (const char c : value) {
    row = IsUpper(c) || IsDigit(c) ? row + 1 : 0;
    if (row == kShortestKey) return true;
  }
  return false;
}

// Removes a number from the front of `value`.
bool ConsumeNumber(absl::string_view& value) {
  const auto digits = [&] {
    std::size_t n = 0;
    while (n < value.size() && IsDigit(value[n])) ++n;
    value.remove_prefix(n);
    return n;
  };
  const std::size_t whole = digits();
  if (whole == 0 || whole > kMostDigitsOfNumber) return false;
  return !absl::ConsumePrefix(&value, ".") || digits() <= kMostDigitsOfFraction;
}

bool IsDuration(absl::string_view value) {
  if (Digits(value) > kMostDigitsOfNumber + kMostDigitsOfFraction) return false;
  while (!value.empty()) {
    if (!ConsumeNumber(value)) return false;
    bool unit = false;
    for (const absl::string_view name : {"ms", "us", "ns", "d", "h", "m", "s"}) {
      if (!unit) unit = absl::ConsumePrefix(&value, name);
    }
    if (!unit) return false;
  }
  return true;
}

bool IsWord(absl::string_view word) {
  if (word.size() <= kLongestAnyCase) return true;
  return word.size() <= kLongestWord && std::none_of(word.begin(), word.end(), IsUpper) &&
         Digits(word) <= kMostDigitsOfItem / 2;
}

bool StartsWithDigit(absl::string_view value) { return !value.empty() && IsDigit(value.front()); }

// The longest of `names` that `value` begins with.
template <std::size_t N>
std::optional<absl::string_view> FindPrefix(absl::string_view value,
                                            const absl::string_view (&names)[N]) {
  std::optional<absl::string_view> found;
  for (const absl::string_view name : names) {
    if (absl::StartsWith(value, name) && (!found || name.size() > found->size())) found = name;
  }
  return found;
}

// "1.40.0", "2.0.0-beta.3", "1.2rc1".
bool IsVersion(absl::string_view value) {
  if (value.size() > 24 || Digits(value) > kMostDigitsOfItem) return false;
  for (const absl::string_view mark : {"beta", "alpha", "rc"}) {
    const std::size_t at = value.find(mark);
    if (at == absl::string_view::npos) continue;
    absl::string_view rest = value.substr(at + mark.size());
    value = value.substr(0, at);
    absl::ConsumePrefix(&rest, ".");
    if (Digits(rest) != rest.size()) return false;
    absl::ConsumeSuffix(&value, "-");
  }
  return std::all_of(value.begin(), value.end(), [](char c) { return IsDigit(c) || c == '.'; });
}

// "2023-06-01" or "20250219".
bool IsDate(absl::string_view value) {
  if (value.size() == 8) return Digits(value) == 8;
  if (value.size() != 10) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i == 4 || i == 7 ? value[i] != '-' : !IsDigit(value[i])) return false;
  }
  return true;
}

// The values of `openai-beta` that OpenAI's SDKs and documentation name.
constexpr absl::string_view kOpenAiBetas[] = {"assistants=v1", "assistants=v2", "realtime=v1",
                                              "chatkit_beta=v1", "responses=experimental"};

// The features that Anthropic's SDKs, clients and documentation name in `anthropic-beta`.
constexpr absl::string_view kAnthropicBetas[] = {"advanced-tool-use",
                                                 "advisor-tool",
                                                 "agent-memory",
                                                 "cache-diagnosis",
                                                 "claude-code",
                                                 "code-execution",
                                                 "compact",
                                                 "computer-use",
                                                 "context-1m",
                                                 "context-management",
                                                 "dev-full-thinking",
                                                 "effort",
                                                 "extended-cache-ttl",
                                                 "fallback-credit",
                                                 "fast-mode",
                                                 "files-api",
                                                 "fine-grained-tool-streaming",
                                                 "inline-tools",
                                                 "interleaved-thinking",
                                                 "managed-agents",
                                                 "max-tokens-3-5-sonnet",
                                                 "mcp-client",
                                                 "message-batches",
                                                 "message-threads",
                                                 "mid-conversation-output-config",
                                                 "mid-conversation-system",
                                                 "mid-conversation-system-clear-at",
                                                 "mid-conversation-tool-changes",
                                                 "model-context-window-exceeded",
                                                 "oauth",
                                                 "output-128k",
                                                 "output-300k",
                                                 "pdfs",
                                                 "prompt-caching",
                                                 "prompt-caching-scope",
                                                 "redact-thinking",
                                                 "server-side-fallback",
                                                 "skills",
                                                 "structured-outputs",
                                                 "task-budgets",
                                                 "thinking-binding-controls",
                                                 "thinking-display-updates",
                                                 "thinking-token-count",
                                                 "token-counting",
                                                 "token-efficient-tools",
                                                 "tool-examples",
                                                 "tool-search-tool",
                                                 "web-fetch",
                                                 "web-search"};

template <std::size_t N>
bool Contains(const absl::string_view (&names)[N], absl::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// A date of this century with its month and day, so that lists of dates are no other numbers.
bool IsReleaseDate(absl::string_view value) {
  std::string digits(value);
  if (!IsDate(value)) return false;
  digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
  absl::CivilDay day;
  return absl::StartsWith(digits, "20") &&
         absl::ParseCivilTime(
             absl::StrCat(digits.substr(0, 4), "-", digits.substr(4, 2), "-", digits.substr(6)),
             &day);
}

// True for a list with commas if `is_item` accepts every item, without surrounding white space.
template <typename IsItem>
bool IsCommaList(absl::string_view value, IsItem is_item) {
  if (value.size() > kLongestValue) return false;
  for (const absl::string_view item : absl::StrSplit(value, ',')) {
    if (!is_item(absl::StripAsciiWhitespace(item))) return false;
  }
  return true;
}

// A known feature with its date.
bool IsAnthropicFeature(absl::string_view item) {
  for (const std::size_t size : {10, 8}) {
    if (item.size() <= size + 1 || item[item.size() - size - 1] != '-') continue;
    if (IsReleaseDate(item.substr(item.size() - size)) &&
        Contains(kAnthropicBetas, item.substr(0, item.size() - size - 1))) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool IsQuantity(absl::string_view value) {
  if (value.empty() || value.size() > 40) return false;
  absl::string_view rest = value;
  absl::ConsumePrefix(&rest, "-");
  if (ConsumeNumber(rest) && rest.empty()) return true;
  // The parser takes a fraction of any length.
  const std::size_t point = value.find('.');
  const absl::string_view fraction =
      point == absl::string_view::npos ? "" : value.substr(point + 1);
  std::size_t digits = 0;
  while (digits < fraction.size() && IsDigit(fraction[digits])) ++digits;
  if (digits > kMostDigitsOfFraction) return false;
  absl::Time time;
  std::string error;
  return IsDuration(value) || absl::ParseTime(absl::RFC3339_full, value, &time, &error) ||
         absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", value, &time, &error);
}

bool IsTokenList(absl::string_view value) {
  if (!AllOf(value, "-_.=/,;:+*\" ") || Digits(value) > 2 * kMostDigitsOfItem) return false;
  for (const absl::string_view item : absl::StrSplit(value, absl::ByAnyChar(",;"))) {
    const absl::string_view words = absl::StripLeadingAsciiWhitespace(item);
    if (absl::StrContains(words, ' ') || Digits(words) > kMostDigitsOfItem) return false;
    for (const absl::string_view word : absl::StrSplit(words, absl::ByAnyChar("-_.=/:+*\""))) {
      if (!IsWord(word)) return false;
    }
  }
  return true;
}

bool IsServerId(absl::string_view value) {
  static constexpr absl::string_view kPrefixes[] = {
      "req", "request", "org", "user", "proj", "project", "msg", "up", "trace", "chatcmpl"};
  if (MayHoldPersonalNumber(value)) return false;
  if (IsUuid(value)) return true;
  const std::size_t mark = value.find_first_of("_-");
  const bool prefixed =
      mark != absl::string_view::npos && std::find(std::begin(kPrefixes), std::end(kPrefixes),
                                                   value.substr(0, mark)) != std::end(kPrefixes);
  const absl::string_view id = prefixed ? value.substr(mark + 1) : value;
  if (IsUuid(id)) return true;
  const bool hex = std::all_of(id.begin(), id.end(), IsHexDigit);
  const bool mixed = Digits(id) < id.size() || id.size() <= kMostDigitsOfNumber;
  return !id.empty() && id.size() <= kLongestId && mixed && !LooksLikeIban(id) &&
         !HasCapitalRow(id) && (hex || (prefixed && std::all_of(id.begin(), id.end(), IsAlnum)));
}

bool IsClientName(absl::string_view value) {
  static constexpr absl::string_view kNames[] = {"OpenAI",
                                                 "AsyncOpenAI",
                                                 "AzureOpenAI",
                                                 "AsyncAzureOpenAI",
                                                 "Anthropic",
                                                 "AsyncAnthropic",
                                                 "curl",
                                                 "python-httpx",
                                                 "python-requests",
                                                 "node-fetch",
                                                 "axios",
                                                 "undici",
                                                 "node",
                                                 "okhttp",
                                                 "Go-http-client",
                                                 "anthropic-sdk-go",
                                                 "openai-go",
                                                 "claude-cli"};
  static constexpr absl::string_view kLanguages[] = {"Python", "JS",   "Go",   "Java",
                                                     "Kotlin", "Ruby", ".NET", "PHP"};
  const auto name = FindPrefix(value, kNames);
  if (!name) return false;
  value.remove_prefix(name->size());
  if (absl::StartsWith(value, "/") && !StartsWithDigit(value.substr(1))) {
    const auto language = FindPrefix(value.substr(1), kLanguages);
    if (!language) return false;
    value.remove_prefix(1 + language->size());
  }
  if (value.empty()) return true;
  if (!absl::ConsumePrefix(&value, " ")) absl::ConsumePrefix(&value, "/");
  absl::ConsumePrefix(&value, "v");
  return StartsWithDigit(value) && IsVersion(value);
}

bool IsAccept(absl::string_view value) {
  return IsCommaList(value, [](absl::string_view item) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(item, absl::MaxSplits(';', 1));
    const absl::string_view type = absl::StripAsciiWhitespace(parts.first);
    const absl::string_view quality = absl::StripAsciiWhitespace(parts.second);
    return (type == "*/*" || type == "application/json" || type == "application/*" ||
            type == "text/event-stream" || type == "text/plain" || type == "text/*") &&
           (quality.empty() || (absl::StartsWith(quality, "q=") && quality.size() <= 7 &&
                                IsQuantity(quality.substr(2))));
  });
}

bool IsOpenAiBeta(absl::string_view value) {
  return IsCommaList(value, [](absl::string_view item) { return Contains(kOpenAiBetas, item); });
}

bool IsAnthropicBeta(absl::string_view value) { return IsCommaList(value, IsAnthropicFeature); }

std::string KeepAnthropicBetas(absl::string_view value) {
  if (value.size() > kLongestValue) return "";
  if (IsAnthropicBeta(value)) return std::string(value);
  std::vector<absl::string_view> known;
  for (absl::string_view item : absl::StrSplit(value, ',')) {
    item = absl::StripAsciiWhitespace(item);
    if (IsAnthropicFeature(item)) known.push_back(item);
  }
  return absl::StrJoin(known, ",");
}

bool IsTraceParent(absl::string_view value) {
  constexpr std::size_t kLongestNumber = 11;
  if (value.size() != 55 || !absl::StartsWith(value, "00-")) return false;
  std::size_t row = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    if (dash ? value[i] != '-' : !IsHexDigit(value[i]) || IsUpper(value[i])) return false;
    // A dash between digits joins them, as in numbers written by people.
    if (!dash) row = IsDigit(value[i]) ? row + 1 : 0;
    if (row > kLongestNumber) return false;
  }
  return true;
}

std::string ReplaceTraceParent(absl::string_view value) {
  const auto digest = [](absl::string_view domain, absl::string_view identifier) {
    return HexEncode(crypto::Sha256(absl::StrCat("countersign ", domain, "\n", identifier)));
  };
  const absl::string_view trace = value.substr(3, 32);
  const bool sampled = HexDigitValue(value[54]) % 2 == 1;
  return absl::StrCat("00-", digest("trace", trace).substr(0, 32), "-",
                      digest("span", value.substr(3, 49)).substr(0, 16), "-",
                      sampled ? "01" : "00");
}

bool MayGoUpstream(absl::string_view name, absl::string_view value) {
  if (name == "accept") return IsAccept(value);
  if (name == "user-agent") return IsClientName(value);
  if (name == "openai-beta") return IsOpenAiBeta(value);
  if (name == "anthropic-version") return IsDate(value);
  if (name == "anthropic-beta") return IsAnthropicBeta(value);
  return name == "traceparent" && IsTraceParent(value);
}

bool MayGoToCaller(absl::string_view name, absl::string_view value) {
  if (name == "content-type") return IsTokenList(value);
  return IsQuantity(value) || IsTokenList(value) || IsServerId(value);
}

}  // namespace countersign::edge::call::headers
