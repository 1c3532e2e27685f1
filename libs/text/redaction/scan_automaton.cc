#include "libs/text/redaction/scan_automaton.h"

#include <algorithm>
#include <new>

namespace countersign::text::redaction {
namespace {

// Special entries of the table; all others are states.
constexpr std::uint16_t kEvent = 0x8000;    // and its number
constexpr std::uint16_t kUnknown = 0xFFFF;  // not built yet
constexpr std::size_t kMostEvents = kUnknown - kEvent;

constexpr std::uint16_t kForgotten = 0xFFFF;  // in blocks_
constexpr std::uint16_t kNone = 0xFFFF;       // in numbers_

// Rows start at cache lines. The first line contains the frequent classes; an odd number of lines
// per row spreads these first lines over the cache.
constexpr std::size_t kLine = 32;  // entries
std::size_t RowSize(std::size_t classes) {
  const std::size_t lines = (classes + kLine - 1) / kLine;
  return (lines | 1) * kLine;
}

// FNV-1a over words.
std::size_t HashMembers(const std::uint32_t* first, const std::uint32_t* last,
                        std::uint16_t before) {
  std::uint64_t hash = 0xCBF29CE484222325 ^ before;
  for (; first != last; ++first) hash = (hash ^ *first) * 0x100000001B3;
  return static_cast<std::size_t>(hash ^ (hash >> 29));
}

}  // namespace

ScanAutomaton::ScanAutomaton(const ScanRules& rules, Limits limits)
    : rules_(rules),
      limits_(limits),
      stride_(RowSize(rules.classes())),
      table_(new (std::align_val_t{2 * kLine}) std::uint16_t[limits.most_states * stride_]) {
  std::size_t numbers = 1;
  while (numbers < 2 * limits.most_states) numbers *= 2;
  numbers_.assign(numbers, kNone);
}

void ScanAutomaton::AlignedDelete::operator()(std::uint16_t* table) const {
  ::operator delete[](table, std::align_val_t{2 * kLine});
}

void ScanAutomaton::Forget() {
  states_.clear();
  members_.clear();
  events_.clear();
  hits_.clear();
  std::fill(numbers_.begin(), numbers_.end(), kNone);
  std::fill(blocks_.begin(), blocks_.end(), kForgotten);
  built_for_ = 0;
}

// Ensures that every cursor can continue for a block. False when the states had to be discarded too
// soon.
bool ScanAutomaton::MakeRoom(Cursors& cursors) {
  const std::size_t more = cursors.size() * limits_.block;
  if (states_.size() + more <= limits_.most_states && events_.size() + more <= kMostEvents &&
      members_.size() <= limits_.most_members) {
    return true;
  }
  const bool worthwhile = built_for_ >= limits_.bytes_per_state * states_.size();
  std::array<std::vector<std::uint32_t>, kLanes + 1> members;
  std::array<std::uint16_t, kLanes + 1> left_classes;
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    const State& state = states_[cursors[i].state];
    members[i].assign(members_.begin() + state.first, members_.begin() + state.last);
    left_classes[i] = state.before;
  }
  Forget();
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    cursors[i].state = FindOrAddState(members[i], left_classes[i]);
  }
  return worthwhile;
}

std::uint16_t ScanAutomaton::FindOrAddState(const std::vector<std::uint32_t>& members,
                                            std::uint16_t before) {
  const std::uint32_t* const data = members.data();
  std::size_t slot = HashMembers(data, data + members.size(), before) & (numbers_.size() - 1);
  for (; numbers_[slot] != kNone; slot = (slot + 1) & (numbers_.size() - 1)) {
    const State& state = states_[numbers_[slot]];
    if (state.before == before &&
        std::equal(members.begin(), members.end(), members_.begin() + state.first,
                   members_.begin() + state.last)) {
      return numbers_[slot];
    }
  }
  const auto number = static_cast<std::uint16_t>(states_.size());
  numbers_[slot] = number;
  const auto first = static_cast<std::uint32_t>(members_.size());
  members_.insert(members_.end(), members.begin(), members.end());
  states_.push_back({first, static_cast<std::uint32_t>(members_.size()), before});
  std::fill_n(table_.get() + number * stride_, stride_, kUnknown);
  return number;
}

// The state at which nothing has started.
std::uint16_t ScanAutomaton::StartState(absl::string_view text, std::size_t at) {
  const int before = at == 0 ? -1 : static_cast<unsigned char>(text[at - 1]);
  return FindOrAddState({}, rules_.BeforeClass(before));
}

std::uint16_t ScanAutomaton::Build(std::uint16_t number, std::size_t byte_class) {
  const State from = states_[number];
  const std::vector<std::uint32_t> active(members_.begin() + from.first,
                                          members_.begin() + from.last);
  const unsigned char byte = rules_.ClassByte(byte_class);
  std::vector<Hit> hits;
  for (const std::uint32_t member : active) {
    const ScanRules::State& state = rules_.state(member);
    if (state.next < ScanRules::kAnyNext && rules_.Allows(state, byte)) {
      hits.push_back({state.target, false});
    }
  }
  std::vector<std::uint32_t>& next = scratch_;
  rules_.Step(active, from.before, byte_class, next);
  std::size_t kept = 0;
  for (const std::uint32_t member : next) {
    const ScanRules::State& state = rules_.state(member);
    if (state.next == ScanRules::kAnyNext) hits.push_back({state.target, true});
    if (state.next < ScanRules::kAnyNext || rules_.GoesOn(member)) next[kept++] = member;
  }
  next.resize(kept);
  std::uint16_t entry = FindOrAddState(next, rules_.BeforeClass(byte));
  if (!hits.empty()) {
    const auto first = static_cast<std::uint32_t>(hits_.size());
    hits_.insert(hits_.end(), hits.begin(), hits.end());
    events_.push_back({entry, first, static_cast<std::uint32_t>(hits_.size())});
    entry = static_cast<std::uint16_t>(kEvent + events_.size() - 1);
  }
  table_[number * stride_ + byte_class] = entry;
  return entry;
}

std::uint16_t ScanAutomaton::Follow(std::uint16_t state, unsigned char byte, std::uint16_t entry,
                                    std::size_t position, OnHit on_hit) {
  if (entry == kUnknown) entry = Build(state, rules_.class_of()[byte]);
  if (entry < kEvent) return entry;
  const Event event = events_[entry - kEvent];
  for (std::uint32_t i = event.first_hit; i < event.last_hit; ++i) {
    on_hit(hits_[i].target, position + (hits_[i].behind ? 1 : 0));
  }
  return event.state;
}

void ScanAutomaton::Run(absl::string_view text, std::size_t size, Cursor& cursor, OnHit on_hit) {
  const std::uint8_t* const class_of = rules_.class_of().data();
  const std::uint16_t* const table = table_.get();
  std::uint16_t state = cursor.state;
  for (const std::size_t end = cursor.at + size; cursor.at < end; ++cursor.at) {
    const auto byte = static_cast<unsigned char>(text[cursor.at]);
    const std::uint16_t entry = table[state * stride_ + class_of[byte]];
    state = entry < kEvent ? entry : Follow(state, byte, entry, cursor.at, on_hit);
  }
  cursor.state = state;
}

// Each look-up depends on the previous one of its lane; lanes are independent of each other.
void ScanAutomaton::RunLanes(absl::string_view text, std::size_t size, Cursors& lanes,
                             OnHit on_hit) {
  const std::uint8_t* const class_of = rules_.class_of().data();
  const std::uint16_t* const table = table_.get();
  const std::size_t stride = stride_;
  const char* bytes[kLanes];
  std::size_t states[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    bytes[lane] = text.data() + lanes[lane].at;
    states[lane] = lanes[lane].state;
  }
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t entries[kLanes];
    std::size_t any = 0;
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const auto byte = static_cast<unsigned char>(bytes[lane][i]);
      entries[lane] = table[states[lane] * stride + class_of[byte]];
      any |= entries[lane];
    }
    if (any >= kEvent) {
#pragma GCC unroll 4
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (entries[lane] < kEvent) continue;
        entries[lane] = Follow(
            static_cast<std::uint16_t>(states[lane]), static_cast<unsigned char>(bytes[lane][i]),
            static_cast<std::uint16_t>(entries[lane]), lanes[lane].at + i, on_hit);
      }
    }
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) states[lane] = entries[lane];
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    lanes[lane].at += size;
    lanes[lane].state = static_cast<std::uint16_t>(states[lane]);
  }
}

bool ScanAutomaton::RunToEnd(absl::string_view text, std::size_t lane, Cursors& cursors,
                             OnHit on_hit) {
  Cursor& cursor = cursors[lane];
  while (cursor.at < text.size()) {
    if (!MakeRoom(cursors)) return false;
    const std::size_t size = std::min(limits_.block, text.size() - cursor.at);
    blocks_[cursor.at / limits_.block] = cursor.state;
    Run(text, size, cursor, on_hit);
    built_for_ += size;
  }
  Finish(cursor, on_hit);
  return true;
}

// A lane started without knowing which matches were active at its start. The previous lane
// continues into it until that makes no difference. The last cursor is free for this.
bool ScanAutomaton::Join(absl::string_view text, std::size_t lane, Cursors& cursors, OnHit on_hit) {
  const auto nowhere = [](std::uint32_t, std::size_t) {};
  Cursor& first = cursors[lane];
  Cursor& second = cursors.back();
  second = {first.at, StartState(text, first.at)};
  while (first.state != second.state) {
    if (first.at == text.size()) {
      Finish(first, on_hit);
      return true;
    }
    if (first.at % limits_.block == 0) {
      if (!MakeRoom(cursors)) return false;
      blocks_[first.at / limits_.block] = first.state;
    }
    Run(text, 1, first, on_hit);
    Run(text, 1, second, nowhere);
  }
  return true;
}

void ScanAutomaton::Finish(const Cursor& cursor, OnHit on_hit) {
  const State& last = states_[cursor.state];
  for (std::uint32_t i = last.first; i < last.last; ++i) {
    const ScanRules::State& state = rules_.state(members_[i]);
    if (state.next < ScanRules::kAnyNext && rules_.Allows(state, -1)) {
      on_hit(state.target, cursor.at);
    }
  }
}

bool ScanAutomaton::Scan(absl::string_view text, OnHit on_hit) {
  blocks_.assign(text.size() / limits_.block + 1, kForgotten);
  if (states_.size() + kLanes + 1 > limits_.most_states) Forget();
  const std::size_t blocks = text.size() / limits_.block / kLanes;  // per lane
  Cursors cursors;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::size_t at = lane * blocks * limits_.block;
    cursors[lane] = {at, StartState(text, at)};
  }
  cursors.back() = cursors.front();
  if (blocks == 0) return RunToEnd(text, 0, cursors, on_hit);
  for (std::size_t block = 0; block < blocks; ++block) {
    if (!MakeRoom(cursors)) return false;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      blocks_[cursors[lane].at / limits_.block] = cursors[lane].state;
    }
    RunLanes(text, limits_.block, cursors, on_hit);
    built_for_ += limits_.block * kLanes;
  }
  // From the last lane backwards, so that the lane being joined is complete.
  bool done = RunToEnd(text, kLanes - 1, cursors, on_hit);
  for (std::size_t lane = kLanes - 1; done && lane-- > 0;) done = Join(text, lane, cursors, on_hit);
  return done;
}

std::size_t ScanAutomaton::QuietBefore(std::uint32_t rule, std::size_t position) const {
  std::size_t block = position / limits_.block;
  const auto is_active = [&](std::uint16_t number) {
    if (number == kForgotten) return true;
    const State& state = states_[number];
    const auto last = members_.begin() + state.last;
    const auto found = std::lower_bound(members_.begin() + state.first, last, rule,
                                        [&](std::uint32_t member, std::uint32_t target) {
                                          return rules_.state(member).target < target;
                                        });
    return found != last && rules_.state(*found).target == rule;
  };
  while (block > 0 && is_active(blocks_[block])) --block;
  return block * limits_.block;
}

}  // namespace countersign::text::redaction
