#include "services/masking/placeholders.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"

namespace countersign::masking {
namespace {

constexpr std::size_t kSuffixPairs = 5;  // each is a letter and a digit
constexpr std::size_t kSuffixSize = 2 * kSuffixPairs;
// The separators that a model may insert between the parts of a token, and how many.
constexpr absl::string_view kBetween = R"([ \t\r\n_\-"'`*.\\]{0,4})";

// The label of "<LABEL_xxxxxxxxxx>"; "" for anything else.
absl::string_view LabelOfToken(absl::string_view token) {
  if (token.size() < kSuffixSize + 4 || !absl::ConsumePrefix(&token, "<") ||
      !absl::ConsumeSuffix(&token, ">")) {
    return "";
  }
  const absl::string_view label = token.substr(0, token.size() - kSuffixSize - 1);
  const bool sound = std::all_of(label.begin(), label.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_' || c == '.';
  });
  return sound && token[label.size()] == '_' ? label : "";
}

// A token's identity: its letters and digits in one case.
std::string TokenKey(absl::string_view token) {
  // Letters within escaped brackets do not count.
  for (const absl::string_view bracket : {"&lt;", "\\u003c", "\\u003C"}) {
    if (absl::ConsumePrefix(&token, bracket)) break;
  }
  for (const absl::string_view bracket : {"&gt;", "\\u003e", "\\u003E"}) {
    if (absl::ConsumeSuffix(&token, bracket)) break;
  }
  std::string key;
  for (const char c : token) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) key += absl::ascii_tolower(byte);
  }
  return key;
}

// Matches every token of `label` in every spelling that is accepted.
std::string PatternFor(absl::string_view label) {
  std::string words;
  for (const absl::string_view word :
       absl::StrSplit(label, absl::ByAnyChar("_."), absl::SkipEmpty())) {
    absl::StrAppend(&words, word, kBetween);
  }
  std::string suffix = "[a-z][0-9]";
  for (std::size_t i = 1; i < kSuffixPairs; ++i) {
    absl::StrAppend(&suffix, R"([ _\-\\]?[a-z][0-9])");
  }
  return absl::StrCat(R"((?i)(?:\\?<)", kBetween, R"(|&lt;|\\u003c|\b))", words, suffix,
                      "(?:", kBetween, R"(>|&gt;|\\u003e|\b))");
}

}  // namespace

std::string PlaceholderForm(absl::string_view label) {
  return absl::StrCat("<", label, "_", std::string(kSuffixSize, '?'), ">");
}

PlaceholderMaker::PlaceholderMaker(std::shared_ptr<const PlaceholderRules> rules,
                                   const domain::Principal& caller, std::string connection)
    : rules_(std::move(rules)),
      issuer_(caller.issuer),
      subject_(caller.subject),
      identity_(caller.identity),
      connection_(std::move(connection)),
      groups_(caller.groups) {}

std::string PlaceholderMaker::Token(absl::string_view label, absl::string_view value) const {
  const std::string mac = crypto::HmacSha256(
      rules_->key.Reveal(),
      LengthPrefixed().Add(issuer_).Add(subject_).Add(connection_).Add(label).Add(value).bytes());
  std::string token = absl::StrCat("<", label, "_");
  for (std::size_t i = 0; i < kSuffixPairs; ++i) {
    const unsigned bits =
        static_cast<unsigned char>(mac[2 * i]) * 256u + static_cast<unsigned char>(mac[2 * i + 1]);
    token += static_cast<char>('a' + bits % 26);
    token += static_cast<char>('0' + bits / 26 % 10);
  }
  return token + ">";
}

bool PlaceholderMaker::MayRestore(absl::string_view label) const {
  using Restore = domain::MaskingRule::Restore;
  const auto rules = rules_->by_label.find(label);
  if (rules == rules_->by_label.end()) return false;
  return std::all_of(rules->second.begin(), rules->second.end(), [&](const RestoreRule& rule) {
    if (rule.who != Restore::kNamed) return rule.who == Restore::kCaller;
    const auto has = [](const std::vector<std::string>& list, const std::string& name) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    return (!identity_.empty() && has(rule.identities, identity_)) ||
           std::any_of(groups_.begin(), groups_.end(),
                       [&](const std::string& group) { return has(rule.groups, group); });
  });
}

void PlaceholderMaker::FillIn(domain::FieldRelease& release) const {
  for (const domain::MaskedSpan& span : release.masked) {
    const std::string form = release.text.substr(span.begin, span.end - span.begin);
    const absl::string_view label = LabelOfToken(form);
    if (label.empty() || form != PlaceholderForm(label)) continue;
    std::string token = Token(label, span.original);
    release.text.replace(span.begin, token.size(), token);
    if (MayRestore(label)) release.placeholders.push_back({std::move(token), span.original});
  }
}

absl::StatusOr<std::shared_ptr<const text::redaction::RuleSet>> RestoringRules(
    const std::vector<domain::Placeholder>& known) {
  auto originals = std::make_shared<absl::flat_hash_map<std::string, std::string>>();
  std::set<std::string> labels;
  for (const domain::Placeholder& each : known) {
    const absl::string_view label = LabelOfToken(each.token);
    if (label.empty()) return absl::InvalidArgumentError("a placeholder of an unknown form");
    labels.emplace(label);
    const auto [at, fresh] = originals->emplace(TokenKey(each.token), each.original);
    if (!fresh && at->second != each.original) {
      return absl::InternalError("two values share a placeholder");
    }
  }
  std::vector<text::redaction::RedactionRule> rules;
  for (const std::string& label : labels) {
    text::redaction::RedactionRule& rule = rules.emplace_back();
    rule.entity = "placeholder";
    CS_ASSIGN_OR_RETURN(rule.regex, text::regex::ParseRegex(PatternFor(label)));
    rule.validator = [originals](absl::string_view match) {
      return originals->contains(TokenKey(match));
    };
    rule.rewrite = [originals](absl::string_view match) -> std::string {
      const auto found = originals->find(TokenKey(match));
      return found == originals->end() ? std::string(match) : found->second;
    };
    rule.mixed_replacement = "[REDACTED]";
  }
  return text::redaction::RuleSet::Compile(std::move(rules));
}

}  // namespace countersign::masking
