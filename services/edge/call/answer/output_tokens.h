#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/domain/resources.h"
#include "libs/text/tokens/tokenizer.h"

namespace countersign::edge::call::answer {

// The tokenizer of calls of `model` on the connection, as policies count. Its first use in a
// process may take 200 ms.
const text::tokens::Tokenizer& FindTokenizer(const domain::Connection& connection,
                                             absl::string_view model);

// Counts the tokens that the model generated, for answers whose upstream does not report them:
// those of each text as it was delivered. Not thread-safe.
class OutputTokens {
 public:
  // Bytes that are kept uncounted: most answers are shorter, and report their usage at the end.
  static constexpr std::size_t kMostKept = 8u << 10;

  // The connection must outlive this.
  OutputTokens(const domain::Connection& connection, std::string model)
      : connection_(connection), model_(std::move(model)) {}

  void Add(const std::vector<dialects::OutputText>& texts);

  // The tokens of all texts so far. Exact for texts up to kMostKept bytes; longer ones are counted
  // in parts, between words where there are any.
  std::uint32_t Count() const;

 private:
  void CountKept();
  std::size_t CountText(absl::string_view text) const;

  const domain::Connection& connection_;
  const std::string model_;
  std::map<std::string, std::string> kept_;  // by field: the end of each text
  std::size_t kept_bytes_ = 0;
  std::size_t counted_ = 0;
};

}  // namespace countersign::edge::call::answer
