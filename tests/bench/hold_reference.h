#pragma once

#include <cstddef>
#include <string>
#include <vector>

// Compares the text that a stream holds with the definition (hold_oracle.h), for nine rules without
// context: cards, social security numbers, mailboxes, three kinds of keys, addresses, accounts, and
// a custom identifier.
namespace countersign::bench {

struct HoldComparison {
  std::vector<std::size_t> ours;        // bytes held after each chunk
  std::vector<std::size_t> definition;  // bytes held by the definition
  std::size_t more = 0;                 // chunks after which more is held than defined
};

// `ends` are the ends of the chunks of `text`, in order. Slow.
HoldComparison CompareHold(const std::string& text, const std::vector<std::size_t>& ends);

}  // namespace countersign::bench
