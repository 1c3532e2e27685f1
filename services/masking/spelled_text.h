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
#include "libs/text/documents/spelling.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::masking {

// What an analyzer found in one sentence: bytes [begin, end) of it, for a given rule
// (text::redaction::RedactionRule::given).
using SentenceMatches = std::vector<text::redaction::GivenMatch>;

// The position of a replacement: bytes [in_begin, in_end) of all input.
struct Replaced {
  std::uint64_t in_begin = 0;
  std::uint64_t in_end = 0;
};

// A text whose spelling differs from the decoded form that is matched. Clear text keeps its
// spelling; replacements are escaped as the enclosing strings require. A number with a replacement
// becomes a string; structure is kept, even within a match. Not thread-safe.
class SpelledText final : public text::documents::Characters {
 public:
  using Place = text::documents::Place;
  using Kind = Place::Kind;

  explicit SpelledText(std::shared_ptr<const text::redaction::RuleSet> rules);

  void Add(absl::string_view decoded, absl::string_view spelled, Place place) override;
  void AddPlain(absl::string_view text) override;

  // Releases the text that no continuation can change. See TextMasker::Feed.
  absl::Status Flush(bool end, domain::FieldRelease& release, std::vector<Replaced>* places);

  // The same where an analyzer reads the text, too. First, appends the sentences (sentences.h) that
  // became complete to `sentences`, in their matched form; with `end` all.
  void CutSentences(bool end, std::vector<std::string>& sentences);
  // Then releases the next sentences, as many as `found` has entries. REQUIRES: they were cut;
  // with `end` they are all that is left.
  absl::Status FlushSentences(const std::vector<SentenceMatches>& found, bool end,
                              domain::FieldRelease& release, std::vector<Replaced>* places);

  std::size_t held() const;
  std::size_t memory_bytes() const;  // memory in use, including held text

 private:
  struct Unit {  // one character; small, because there is one for each byte held
    std::uint16_t spelled;
    std::uint8_t decoded;
    Kind kind : 3;
    std::uint8_t depth : 4;
    bool is_whole_number : 1;  // a replacement of any part replaces all of it
  };
  static Unit MakeUnit(absl::string_view decoded, absl::string_view spelled, Place place);

  absl::Status Release(const std::string& fresh, bool end, domain::FieldRelease& release,
                       std::vector<Replaced>* places);
  void RememberTail(absl::string_view text);
  void Emit(absl::string_view text, std::vector<text::redaction::RedactedSpan>& spans);
  void EmitClear(std::size_t decoded);
  void EmitMatch(absl::string_view replacement, text::redaction::RedactedSpan& span);
  absl::string_view TakeSpelling(std::size_t& decoded);
  void EndNumber();
  void Shrink();

  std::shared_ptr<const text::redaction::RuleSet> rules_;
  text::redaction::RedactionStream stream_;

  // While every character is written as it is matched there are no units, only held text.
  bool spelled_out_ = false;
  std::string fresh_;                  // matched form, not fed yet …
  std::deque<std::size_t> sentences_;  // … and the sizes of its sentences that were cut …
  std::size_t sentences_size_ = 0;     // … and of all of them
  std::string tail_;                   // text held by the stream, without units
  std::vector<Unit> units_;
  std::size_t units_done_ = 0;     // units already released
  std::string spelling_;           // the spelling of the units …
  std::size_t spelling_done_ = 0;  // … of which this many bytes are used
  std::uint64_t consumed_ = 0;     // input bytes released or replaced …
  std::uint64_t decoded_fed_ = 0;  // … and bytes of the matched form, fed and released
  std::uint64_t decoded_done_ = 0;

  // The number being written; released when all of it is decided.
  std::string number_;
  std::size_t number_input_ = 0;
  int number_depth_ = 0;            // number of enclosing strings
  std::size_t number_unit_at_ = 0;  // position of its last character in number_
  bool number_changed_ = false;
  std::vector<domain::MaskedSpan> number_spans_;  // offsets into number_
  std::vector<Replaced> number_places_;

  domain::FieldRelease* release_ = nullptr;
  std::vector<Replaced>* places_ = nullptr;
};

}  // namespace countersign::masking
