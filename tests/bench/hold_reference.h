#pragma once

#include <cstddef>
#include <string>
#include <vector>

// What a stream holds back, beside the definition of what it must (hold_oracle.h), with nine rules
// that need no context: cards, social security numbers, mailboxes, three kinds of keys, addresses,
// accounts, and an identifier of one's own.
namespace countersign::bench {

struct HoldComparison {
  std::vector<std::size_t> ours;        // bytes held after each chunk
  std::vector<std::size_t> definition;  // the same, by the definition
  std::size_t more = 0;                 // chunks after which more is held than it says
};

// `ends`: where chunks of `text` end, in order. Slow.
HoldComparison CompareHold(const std::string& text, const std::vector<std::size_t>& ends);

}  // namespace countersign::bench
