#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/scan_rules.h"

namespace countersign::text::redaction {

// The deterministic automaton of ScanRules. States are built when a text first reaches them and are
// kept for later texts, up to a limit, so that most of a text costs one look-up per byte. Not
// thread-safe.
//
// A state is the set of simultaneously active states of the position automaton, and the class of
// the previous byte. Lazy construction: Thompson, "Regular expression search algorithm", CACM
// 11(6), 1968; discarding all states at the limit, and giving up: R. Cox, "Regular Expression
// Matching in the Wild", 2010.
class ScanAutomaton {
 public:
  struct Limits {
    // About 512 bytes each. At least 2 * block * (kLanes + 1), at most 32767.
    std::size_t most_states = 16384;
    // Total size of the states' sets; four bytes per member. May be exceeded within a block.
    std::size_t most_members = 2'000'000;
    // The state is stored at every multiple of this offset.
    std::size_t block = 256;
    // When the limit is reached and a text needed more than one new state per this many bytes, the
    // automaton gives up: building a state takes as long as a stream takes for about as many bytes.
    std::size_t bytes_per_state = 8;
  };
  static constexpr std::size_t kLanes =
      4;  // parts of a text that are scanned in parallel on one core

  ScanAutomaton(const ScanRules& rules, Limits limits);
  explicit ScanAutomaton(const ScanRules& rules) : ScanAutomaton(rules, Limits()) {}

  // Calls on_hit(target, end) at least once for every end of a match of every target, in no
  // particular order. False when it gave up because the text keeps needing new states; hits are
  // then missing. REQUIRES: less than 4 GiB.
  using OnHit = absl::FunctionRef<void(std::uint32_t target, std::size_t end)>;
  bool Scan(absl::string_view text, OnHit on_hit);

  // For the last scanned text: a position at or before `position` such that no match of `rule`
  // ending at or after `position` contains it.
  std::size_t QuietBefore(std::uint32_t rule, std::size_t position) const;

  const Limits& limits() const { return limits_; }
  std::size_t states() const { return states_.size(); }

 private:
  struct State {
    std::uint32_t first, last;  // in members_
    std::uint16_t before;
  };
  // A transition with hits.
  struct Event {
    std::uint16_t state;
    std::uint32_t first_hit, last_hit;  // in hits_
  };
  struct Hit {
    std::uint32_t target;
    bool behind;  // the match ends after the byte, not before it
  };
  struct Cursor {
    std::size_t at;
    std::uint16_t state;
  };
  using Cursors = std::array<Cursor, kLanes + 1>;  // one per lane, and a free one

  void Forget();
  bool MakeRoom(Cursors& cursors);
  void RunLanes(absl::string_view text, std::size_t size, Cursors& lanes, OnHit on_hit);
  void Run(absl::string_view text, std::size_t size, Cursor& cursor, OnHit on_hit);
  bool RunToEnd(absl::string_view text, std::size_t lane, Cursors& cursors, OnHit on_hit);
  bool Join(absl::string_view text, std::size_t lane, Cursors& cursors, OnHit on_hit);
  std::uint16_t Follow(std::uint16_t state, unsigned char byte, std::uint16_t entry,
                       std::size_t position, OnHit on_hit);
  std::uint16_t Build(std::uint16_t number, std::size_t byte_class);
  std::uint16_t FindOrAddState(const std::vector<std::uint32_t>& members, std::uint16_t before);
  std::uint16_t StartState(absl::string_view text, std::size_t at);
  void Finish(const Cursor& cursor, OnHit on_hit);

  const ScanRules& rules_;
  const Limits limits_;
  const std::size_t stride_;  // of table_: entries per state
  struct AlignedDelete {
    void operator()(std::uint16_t* table) const;
  };
  std::unique_ptr<std::uint16_t[], AlignedDelete> table_;  // by state and class: state or event
  std::vector<State> states_;
  std::vector<std::uint32_t> members_;
  std::vector<Event> events_;
  std::vector<Hit> hits_;
  std::vector<std::uint16_t> numbers_;  // state numbers by the hash of their sets; open addressing
  std::vector<std::uint16_t> blocks_;   // the state at the start of each block of the last text
  std::size_t built_for_ = 0;           // bytes scanned since all states were discarded
  std::vector<std::uint32_t> scratch_;
};

}  // namespace countersign::text::redaction
