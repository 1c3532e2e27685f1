#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction_state.h"
#include "libs/text/regex/automaton.h"
#include "libs/text/regex/byte_set.h"
#include "libs/text/regex/regex_parser.h"

// Exact redaction of text and of streams of text.
//
// Matching uses the *folded* text (text_fold.h): digits of other scripts, dashes, spaces and
// full-width forms become the ASCII characters that they resemble, and invisible characters are
// dropped. Patterns are folded, too. Spans and released text always refer to the original: a match
// covers the original of its bytes and the dropped characters between them.
//
// A *match* of a rule is a range of bytes that its regex matches completely, whose neighbour bytes
// are not forbidden (the edges of the text are allowed), which has the required context before it,
// and which the rule's validator accepts. All matches of all rules count. Matches that share a byte
// form one *cluster*, which is replaced as a whole with the replacement of its leftmost, then
// longest, then highest-priority match. So no byte of a match is ever released. The result does not
// depend on how the text is cut into pieces: for every cut, the concatenated releases equal the
// redaction of the whole text. After each piece everything has been released that no continuation
// of the text could change.
namespace countersign::text::redaction {

// Whether `match` is what its form suggests (a check digit, a range). Pure; thread-safe.
using Validator = std::function<bool(absl::string_view match)>;

// Words, one of which must stand before a match, completely within the kContextReach bytes before
// it. Words after a match do not count, so that a stream need not hold text for them.
struct ProximityRule {
  // Lower case. They match whole words (a word is a run of ASCII letters, digits and non-ASCII
  // bytes, so `routing_number` contains two), and parts of camel-case names (`routingNumber` and
  // `XRoutingNumber` contain them, too): ASCII letters in any case, others in lower case, in upper
  // case and with a capital first letter. Words of scripts without spaces also match within a
  // longer run of letters. Several words form a phrase and must follow each other. Empty: no rule.
  std::vector<std::string> words;
  // The last of these words must be assigned the match: between the two stand only further word
  // characters, quotes (' " ` and \), closing brackets, spaces, tabs, and at least one of = and :
  // (= may be followed by >, and preceded by ? or .).
  bool assigned = false;
  // The last of these words must be close to the match: between the two stand at most kBesideReach
  // bytes, without the end of a sentence and without words other than those that continue its name
  // (`token_value`) and such as `is`, `to`, `at`, `number`, `value`. If the match is on the next
  // line it must be assigned, or in a tag. An upper-case name before > is not a context, because
  // replacements have that form.
  bool beside = false;
  // The last of these words must name the match as its value, in any of the forms of NameReader
  // (value_readers.h): an assignment, the next cell or tag, a member called `value` …
  bool named = false;
  // For exclusions: it is also met directly behind an operator that compares versions (`>=`, `<=`,
  // `~>`, `==` …) or behind the marks of a heading (`##`).
  bool compared = false;

  bool empty() const { return words.empty(); }
};
inline constexpr std::size_t kContextReach = 64;
inline constexpr std::size_t kBesideReach = 24;

// A list goes on where at most this many bytes stand between a match with a context and the next
// one of the same rule, and all of them separate items (value_readers.h, ContinuesList): then the
// next one needs no word of its own. Behind a match that holds such bytes itself it is not
// specified whether its list goes on.
inline constexpr std::size_t kListReach = 40;

struct RedactionRule {
  std::string entity;  // lower snake case, as reported in spans
  // Its matches are found elsewhere, by a model, and given to the stream (RedactionStream::Give).
  // It has no regex, no forbidden neighbours, no context and no exclusion.
  bool given = false;
  regex::Regex regex;  // may not match the empty text
  // Used instead of the regex where that would be too large: an automaton over folded text. Only
  // the widths of `regex` are then used.
  std::shared_ptr<const regex::Automaton> automaton;
  regex::ByteSet left_forbidden;   // a match may not follow one of these bytes …
  regex::ByteSet right_forbidden;  // … nor be followed by one of these
  // A match may not follow a word character of any script beyond ASCII (word_edges.h) either, as
  // far as the kContextReach bytes before it tell.
  bool left_word_edge = false;
  Validator validator = nullptr;  // requires a regex width of at most kMaxValidatedWidth
  // Required before a match, unless empty, or unless the match goes on with a list (kListReach).
  ProximityRule context;
  ProximityRule exclusion;  // suppresses a match when it is met before it
  // The first min_count - 1 clusters of a text that contain only matches of this rule, or of its
  // group, are released; later ones are replaced.
  std::size_t min_count = 1;
  int priority = 0;         // higher wins between matches of equal range
  std::string replacement;  // unless `rewrite` is set
  std::function<std::string(absl::string_view original)> rewrite;  // pure, thread-safe

  // Rules with the same non-empty group are shapes of one thing with one replacement: a cluster of
  // their matches does not count as one of several rules.
  std::string group;

  // The replacement of a cluster with matches of several rules whose leftmost one has a `rewrite`,
  // so that no part of another rule's match is shown.
  std::string mixed_replacement;
};

inline bool CountAsOne(const RedactionRule& a, const RedactionRule& b) {
  return !a.group.empty() && a.group == b.group;
}

inline constexpr std::size_t kMaxValidatedWidth = 2048;

// States of the automaton of a rule set; about 140 bytes each (terms_bench).
inline constexpr std::size_t kMaxRuleSetStates = 1'000'000;

struct RedactionLimits {
  // A cluster longer than this (folded) whose replacement is decided is replaced at once; the rest
  // of it is dropped as it arrives.
  std::size_t early_commit_bytes = 4096;
  // More held text than this is RESOURCE_EXHAUSTED; bounds the memory of a stream.
  std::size_t max_held_bytes = 64 * 1024;
};

struct RedactionProgram;
class BulkScanner;

// Rules compiled into one automaton. Immutable, thread-safe, shared by streams.
class RuleSet {
 public:
  // INVALID_ARGUMENT names the rule's entity and the mistake. Too slow for a request path.
  static absl::StatusOr<std::shared_ptr<const RuleSet>> Compile(std::vector<RedactionRule> rules,
                                                                RedactionLimits limits = {});
  ~RuleSet();

  bool empty() const;          // no rules: texts are released unchanged
  std::size_t states() const;  // of the automaton
  // The number of the given rule for `entity`, for GivenMatch; nothing if there is none.
  std::optional<std::uint32_t> FindGiven(absl::string_view entity) const;
  const RedactionProgram& program() const { return *program_; }
  // Redacts large texts faster than a stream. Thread-safe; not const, because it caches.
  BulkScanner& bulk() const { return *bulk_; }

 private:
  RuleSet(std::unique_ptr<RedactionProgram> program, std::unique_ptr<BulkScanner> bulk);
  std::unique_ptr<RedactionProgram> program_;
  std::unique_ptr<BulkScanner> bulk_;  // after program_, which it uses
};

// A replaced cluster. `begin` and `end` are byte offsets into the text released by the Feed that
// reports it; `input_begin` and `input_end` are offsets into the stream's whole input.
struct RedactedSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t input_begin = 0;
  std::size_t input_end = 0;
  std::string entity;
  std::string original;
  // Continues the previous span's cluster, whose replacement was already released: begin == end.
  // Only for clusters longer than RedactionLimits::early_commit_bytes.
  bool continued = false;
};

// A match that was found elsewhere: bytes [begin, end) of the stream's whole input, for a rule with
// `given`. A character or written escape that it cuts belongs to it.
struct GivenMatch {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t rule = 0;
};

// Redacts one text that arrives in pieces. Not thread-safe; uses a few hundred bytes plus the held
// text. Time per byte does not depend on the length of the text. Up to three bytes of a non-ASCII
// character that was cut between pieces are held.
class RedactionStream {
 public:
  explicit RedactionStream(std::shared_ptr<const RuleSet> rules);

  // Appends the text that may be released now to `released` (never removing from it) and the
  // clusters replaced in it to `spans`, whose `begin` and `end` are relative to the start of
  // `*released`. With `end` nothing is held afterwards, and the stream must not be fed again. After
  // an error the stream is unusable and returns it again; `released` is then unchanged. A large
  // text fed as a whole is redacted much faster; none of it is held, so
  // RedactionLimits::max_held_bytes does not apply.
  absl::Status Feed(absl::string_view text, bool end, std::string* released,
                    std::vector<RedactedSpan>* spans);

  // Announces a match in the text of the next Feed, which counts like those of the rules' patterns.
  // The result is the same for every cut if every match is given before its text.
  void Give(GivenMatch match) { given_.push_back(match); }

  // Bytes of the input that were neither released nor replaced yet.
  std::size_t held() const { return taken_ - output_.input_emitted; }
  std::size_t memory_bytes() const;  // memory in use

 private:
  class Run;

  RedactionStream(std::shared_ptr<const RuleSet> rules, absl::Status failed);
  absl::Status Take(absl::string_view text, bool end, Run& run);
  void DropReleased(bool end);
  void FitBuffer(std::size_t bytes);

  std::shared_ptr<const RuleSet> rules_;
  std::string buffer_;  // the folded text from base_ on
  std::uint64_t base_ = 0;
  std::uint64_t position_ = 0;  // folded bytes scanned
  std::uint64_t taken_ = 0;     // bytes of the input
  std::string unfinished_;      // the last input bytes, which may start a character
  int before_base_ = -1;        // the byte before base_, or -1
  MatchState matches_;
  OutputState output_;
  std::vector<GivenMatch> given_;  // whose text was not scanned to its end
  bool ended_ = false;
  absl::Status failed_;
};

// Merges every continued span into the one that it continues, so that there is one span per
// cluster.
void JoinContinued(std::vector<RedactedSpan>& spans);

struct Redacted {
  std::string text;
  std::vector<RedactedSpan> spans;  // one per cluster; offsets into `text` and into the input
};

// The redaction of a whole text. Equals feeding it to a stream in any pieces.
absl::StatusOr<Redacted> RedactWhole(std::shared_ptr<const RuleSet> rules, absl::string_view text);

}  // namespace countersign::text::redaction
