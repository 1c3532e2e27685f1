#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/domain/masker.h"
#include "libs/text/redaction.h"

namespace countersign::masking {

// Masks the arguments of a tool call: a JSON document that comes in pieces, and that is still JSON
// when it was masked.
//
// Each string, keys too, is one text: its escapes are decoded for matching, what is not masked
// keeps its spelling, and what replaces a match is escaped. A number is one text too, and becomes a
// string when something in it is masked. No match spans two of them. From the first byte that is
// not JSON the rest is masked as plain text, together with what was held. Not thread-safe.
class ArgumentsMasker {
 public:
  explicit ArgumentsMasker(std::shared_ptr<const text::RuleSet> rules);

  // As text::RedactionStream::Feed: appends to `release`'s text and masked spans, whose offsets are
  // those of the released JSON; originals are decoded. After an error nothing may be delivered.
  absl::Status Feed(absl::string_view json, bool end, domain::FieldRelease& release);

  // Bytes of the input that have neither left nor been replaced.
  std::size_t held() const;

 private:
  enum class State {
    kValue,       // a value must come
    kFirstValue,  // after [: a value or ]
    kFirstKey,    // after {: a key or }
    kKey,         // after , in an object
    kColon,       // after a key
    kNext,        // after a value: , or the end of its container
    kString,
    kNumber,   // until a byte that ends it, white space included
    kLiteral,  // in true, false, null
    kPlain,    // no JSON any more
  };
  // A decoded piece of a string and how it was spelled.
  struct Unit {
    std::uint8_t decoded;
    std::uint8_t spelled;
  };

  absl::Status Take(char c);
  absl::Status TakeStructure(char c);
  absl::Status TakeInString(char c);
  absl::Status TakeInNumber(char c);
  absl::Status TakeInLiteral(char c);
  void TakeEscape();
  void TakePairedEscape();
  void AddUnit(std::uint32_t code_point, std::size_t spelled);
  void AddByte(char c);

  void BeginString(bool is_key);
  absl::Status FlushString(bool end);
  absl::Status FinishNumber();
  absl::Status GoPlain(absl::string_view held);
  absl::Status FlushPlain(bool end);
  absl::Status Finish();
  void Emit(absl::string_view text, std::vector<text::RedactedSpan>& spans);
  void EmitClear(std::size_t decoded);
  void Drop(std::size_t decoded);

  std::shared_ptr<const text::RuleSet> rules_;
  text::RedactionStream stream_;  // of the current string, number or plain text
  State state_ = State::kValue;
  std::string containers_;  // { and [ that are open
  bool in_key_ = false;
  std::string decoded_;            // of the current text, not yet fed
  std::deque<Unit> units_;         // of the current text, neither left nor replaced …
  std::string spelling_;           // … and their bytes
  std::size_t spelling_done_ = 0;  // of `spelling_`, already used up
  std::string escape_;             // an escape whose end has not come
  std::string token_;              // a number with the white space after it, or a literal
  domain::FieldRelease* release_ = nullptr;
};

}  // namespace countersign::masking
