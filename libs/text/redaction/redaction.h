#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
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
// What is matched is the *folded* text (text_fold.h), in which digits of other scripts, dashes,
// spaces and full-width forms are the ASCII characters they are read as, and invisible characters
// are not there. Patterns mean what their code points fold to. All that is reported and released
// is the original: a match covers the original of its bytes and what was dropped between them.
//
// A *match* of a rule is a range of bytes that its regex matches as a whole, whose neighbour bytes
// are not forbidden (the edges of the text are allowed), before which stands the context that the
// rule asks for, and that its validator accepts. All matches of all rules count; those that share
// a byte are one *cluster*, and a cluster is replaced as a whole, by the replacement of its
// leftmost, then longest, then highest-priority match. So no byte of any match ever leaves, and
// what leaves does not depend on how the text was cut into pieces: for every cut, the released
// texts put together equal the redaction of the whole text. After each piece everything has left
// that no continuation of the text could still change.
namespace countersign::text::redaction {

// True when `match` is what its shape suggests (a check digit, a range). Pure; thread-safe.
using Validator = std::function<bool(absl::string_view match)>;

// Words, one of which must stand before a match, wholly within the kContextReach bytes before it.
// Words after a match do not count, so a stream holds nothing for their sake.
struct ProximityRule {
  // Lower case; compared without ASCII case, as whole words (what lies between bytes that are
  // neither ASCII letters nor digits nor beyond ASCII, so `routing_number` holds two) and as the
  // parts of a name in camel case (`routingNumber` and `XRoutingNumber` hold them too). One of
  // several words is a phrase: these words one after the other. Empty: no rule.
  std::vector<std::string> words;
  // The last of them must be what the match is assigned to: between it and the match stand only
  // further word characters, quotes (' " ` and \), closing brackets, spaces, tabs, and at least one
  // of = and : (a > may follow a =, and a ? or . stand before one).
  bool assigned = false;
  // The last of them must be close to the match: between the two stand at most kBesideReach bytes,
  // none of them the end of a sentence, and no words but those that go on with its name
  // (`token_value`) and such as `is`, `to`, `at`, `number`, `value`. On the next line it must be
  // assigned, or in a tag. A name in capitals before a > is no context: replacements are written
  // so.
  bool beside = false;

  bool empty() const { return words.empty(); }
};
inline constexpr std::size_t kContextReach = 64;
inline constexpr std::size_t kBesideReach = 24;

struct RedactionRule {
  std::string entity;  // lower snake case, as reported in spans
  regex::Regex regex;  // may not match the empty text
  // In place of the regex where that would be too large a tree: an automaton over folded text. Of
  // `regex` only the widths are then read.
  std::shared_ptr<const regex::Automaton> automaton;
  regex::ByteSet left_forbidden;   // a match may not follow one of these bytes …
  regex::ByteSet right_forbidden;  // … nor be followed by one of these
  Validator validator = nullptr;   // with one, the regex's width is at most kMaxValidatedWidth
  ProximityRule context;           // required before a match, unless empty
  ProximityRule exclusion;         // suppresses a match that it stands before
  // The first min_count - 1 clusters of a text that hold matches of this rule alone, or of its
  // group, are let through; from then on they are replaced.
  std::size_t min_count = 1;
  int priority = 0;         // higher wins between matches of equal range
  std::string replacement;  // unless `rewrite` is set
  std::function<std::string(absl::string_view original)> rewrite;  // pure, thread-safe

  // Rules of one group (not empty) are shapes of one thing, with one replacement: a cluster of
  // their matches alone is no cluster of several rules.
  std::string group;

  // Decides what a cluster shows that holds matches of several rules, where the leftmost has a
  // `rewrite`: it is then replaced by this, so that no part of another rule's match shows.
  std::string mixed_replacement;
};

inline bool CountAsOne(const RedactionRule& a, const RedactionRule& b) {
  return !a.group.empty() && a.group == b.group;
}

inline constexpr std::size_t kMaxValidatedWidth = 2048;

// States of the automaton of a rule set; about 140 bytes each (terms_bench).
inline constexpr std::size_t kMaxRuleSetStates = 1'000'000;

struct RedactionLimits {
  // A cluster longer than this (folded), whose replacement is decided, is replaced at once and the
  // rest of it swallowed as it comes.
  std::size_t early_commit_bytes = 4096;
  // Text held back beyond this is RESOURCE_EXHAUSTED. Bounds the memory of a stream.
  std::size_t max_held_bytes = 64 * 1024;
};

struct RedactionProgram;
class BulkScanner;

// Many rules compiled into one automaton. Immutable, thread-safe, shared by all streams.
class RuleSet {
 public:
  // INVALID_ARGUMENT names the rule's entity and what is wrong with it. Compiling is not for a
  // request path.
  static absl::StatusOr<std::shared_ptr<const RuleSet>> Compile(std::vector<RedactionRule> rules,
                                                                RedactionLimits limits = {});
  ~RuleSet();

  bool empty() const;          // no rules: every text leaves as it comes
  std::size_t states() const;  // of the automaton
  const RedactionProgram& program() const { return *program_; }
  // Redacts large texts faster than a stream. Thread-safe; it caches within, hence not const.
  BulkScanner& bulk() const { return *bulk_; }

 private:
  RuleSet(std::unique_ptr<RedactionProgram> program, std::unique_ptr<BulkScanner> bulk);
  std::unique_ptr<RedactionProgram> program_;
  std::unique_ptr<BulkScanner> bulk_;  // after program_, which it uses
};

// One replaced cluster. `begin` and `end` are byte offsets into the released text of the Feed that
// reports it; `input_begin` and `input_end` into the whole input of the stream.
struct RedactedSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t input_begin = 0;
  std::size_t input_end = 0;
  std::string entity;
  std::string original;
  // Continues the cluster of the previous span, whose replacement has left already: begin == end.
  // Only for clusters longer than RedactionLimits::early_commit_bytes.
  bool continued = false;
};

// Redacts one logical text that comes in pieces. Not thread-safe; small (a few hundred bytes and
// what is held). Time per byte does not depend on the length of the text. Of a character beyond
// ASCII that is cut between two pieces up to three bytes are held.
class RedactionStream {
 public:
  explicit RedactionStream(std::shared_ptr<const RuleSet> rules);

  // Appends what may leave now to `released` (never removes from it), and the clusters replaced in
  // it to `spans`, whose `begin` and `end` count from the start of `*released`. With `end` nothing
  // is held afterwards, and the stream may not be fed again. After an error the stream is dead and
  // repeats it; `released` is then unchanged. A large text that comes as a whole is redacted much
  // faster; nothing of it is held, so RedactionLimits::max_held_bytes does not apply to it.
  absl::Status Feed(absl::string_view text, bool end, std::string* released,
                    std::vector<RedactedSpan>* spans);

  // Bytes of the input that have neither left nor been replaced.
  std::size_t held() const { return taken_ - output_.input_emitted; }
  std::size_t memory_bytes() const;  // what this stream occupies now

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
  std::string unfinished_;      // the last of them, where they may begin a folded character
  int before_base_ = -1;        // the byte before base_, or -1
  MatchState matches_;
  OutputState output_;
  bool ended_ = false;
  absl::Status failed_;
};

// Joins every continued span to the one that it continues, so that there is one per cluster.
void JoinContinued(std::vector<RedactedSpan>& spans);

struct Redacted {
  std::string text;
  std::vector<RedactedSpan> spans;  // one per cluster; offsets into `text` and into the input
};

// The redaction of a whole text. Equal to feeding it to a stream in any pieces.
absl::StatusOr<Redacted> RedactWhole(std::shared_ptr<const RuleSet> rules, absl::string_view text);

}  // namespace countersign::text::redaction
