#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction_program.h"
#include "libs/text/redaction/redaction_state.h"

namespace countersign::text::redaction {

// A part of a folded text; offsets are relative to the whole text.
struct TextWindow {
  absl::string_view bytes;
  std::uint64_t base = 0;
  int before_base = -1;  // the byte before `base`; -1 at the start of the text

  std::uint64_t end() const { return base + bytes.size(); }
  unsigned char At(std::uint64_t position) const {
    return static_cast<unsigned char>(bytes[position - base]);
  }
  int Before(std::uint64_t position) const {
    return position == base ? before_base : At(position - 1);
  }
  absl::string_view Slice(std::uint64_t from, std::uint64_t to) const {
    return bytes.substr(from - base, to - from);
  }
};

// Moves the threads of a MatchState over a text, byte by byte, and adds matches to its clusters.
// Streams and whole texts share it, so both find the same matches.
class MatchFinder {
 public:
  // The window contains every byte from the earliest start of a validated rule's thread on, and
  // kContextReach + 1 bytes before that if a rule has a proximity rule.
  MatchFinder(const RedactionProgram& program, TextWindow text, MatchState& state);

  // Runs all rules over [from, to).
  void Scan(std::uint64_t from, std::uint64_t to);

  // Runs one rule from `from` at least to `upto`, and on until it has no active thread or the
  // window ends. Returns where it stopped.
  std::uint64_t ScanRule(std::uint32_t rule, std::uint64_t from, std::uint64_t upto);

  // Where ScanRule, instead of a stream's table, finds values of the rule in columns that name it:
  // positions in order.
  void set_cells(const std::vector<std::uint32_t>* cells) { cells_ = cells; }

  // Adds a match of `rule` that was found elsewhere, if the rule's validator accepts it. REQUIRES:
  // [begin, end) was scanned and is in the window, and nothing of it was released.
  void Give(std::uint32_t rule, std::uint64_t begin, std::uint64_t end);

  // Call at the end of the text.
  void Finish();

  // Whether the match of `a`, and not that of `b`, determines the replacement of both.
  static bool Leads(const RedactionProgram& program, const MatchCluster& a, const MatchCluster& b);

 private:
  // An accepting state of a validated rule at the current position.
  struct Candidate {
    std::uint32_t rule;
    std::uint32_t state;
    std::uint64_t start;
  };
  struct Scratch;
  static Scratch& LocalScratch();
  struct ContextScratch {
    std::vector<ContextWords::ProximityState> proximity_rules;
    std::vector<std::uint32_t> listed;  // rules whose list goes on
  };

  // What a match that starts at `position` follows, for the rules' neighbours: `byte`, which stands
  // there, or RedactionProgram::kNoWord.
  int Left(int byte, std::uint64_t position) const {
    return byte < 0x80 || !program_.has_word_edges ? byte : LeftBeyondAscii(byte, position);
  }
  int LeftBeyondAscii(int byte, std::uint64_t position) const;
  void DecideGuarded(int next_byte, std::uint64_t end);
  // Adds the states of the cell's rules with a context or an exclusion that may start a match.
  void CollectGated(std::size_t cell, int left, std::uint64_t position,
                    std::vector<std::uint32_t>& open);
  void CollectListed(std::uint64_t position);
  void FindContextWords(std::uint64_t position);
  bool HasWordInReach(std::uint64_t position, const ProximitySet& proximity_rules) const;
  bool ContextAllows(std::uint32_t rule, std::uint64_t position) const;
  bool ComparedBefore(std::uint64_t position) const;
  bool Excluded(std::uint32_t rule, std::uint64_t position) const;
  void FindUnspacedWords(std::uint64_t position);
  // Brings MatchState::table up to date.
  void ReadTables(std::uint64_t position);
  bool InCell(std::uint64_t position) const;
  // Whether a match of `rule` at `position` would be the next item of a list.
  bool GoesOn(std::uint32_t rule, std::uint64_t position) const;
  void Found(std::uint32_t rule, std::uint64_t begin, std::uint64_t end);
  void RememberList(std::uint32_t rule, std::uint64_t begin, std::uint64_t end);
  void AddParts(std::uint64_t begin, std::uint64_t end, int before);
  void AddWordAndStem(std::uint64_t begin, std::uint64_t end, bool part);
  void AddContextWord(std::uint64_t begin, std::uint64_t end, std::uint32_t word, bool part);
  bool MeetsProximity(std::uint32_t proximity, std::uint64_t position) const;
  using States = RedactionProgram::Span<std::uint32_t>;
  // Moves every thread over `byte`, and starts new ones: in `seconds`, started by the previous
  // byte, and in `starts`.
  void Step(unsigned char byte, States seconds, States starts, std::uint64_t position);
  template <typename Put>
  void PutNext(unsigned char byte, States seconds, States starts, std::uint64_t position,
               const Put& put);
  void Accept(const RedactionThread& thread, std::uint64_t end);
  void ConfirmCandidates(std::uint64_t end);
  void Confirm(std::uint32_t rule, std::uint64_t lowest, std::uint64_t end);
  std::uint64_t FirstBegin(std::uint32_t rule, std::uint64_t lowest, std::uint64_t end) const;
  void FindBegins(std::uint64_t first, std::uint64_t end);
  void RemoveDuplicates(std::vector<std::uint32_t>& states);
  void AddMatch(MatchCluster match);

  const RedactionProgram& program_;
  const TextWindow text_;
  MatchState& state_;
  Scratch& scratch_;
  ContextScratch& context_scratch_;
  const std::vector<std::uint32_t>* cells_ = nullptr;
};

}  // namespace countersign::text::redaction
