#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/text/regex/byte_set.h"

// What may stand between a word and the value that it names, and between values. Everything reads
// folded text.
namespace countersign::text::redaction {

// Reads the text after a context word until nothing can be assigned to the word any more.
class AssignmentReader {
 public:
  // False when `byte` ends the assignment.
  bool Read(char byte) {
    constexpr regex::ByteSet kBeside =
        regex::ByteSet::Word() | regex::ByteSet::Of(" \t\"'`\\])\x1D\x1E\x1F");
    const bool assigns = byte == '=' || byte == ':';
    if (operator_begun_ && byte != '=') return false;
    operator_begun_ = byte == '?' || byte == '.';
    assigned_ = assigned_ || assigns;
    const bool goes_on = assigns || operator_begun_ || (byte == '>' && previous_ == '=') ||
                         kBeside.Contains(static_cast<unsigned char>(byte));
    previous_ = byte;
    return goes_on;
  }

  // Whether the text so far assigns something to the word, and a match may start here.
  bool open() const { return assigned_ && !operator_begun_; }

 private:
  bool assigned_ = false;
  bool operator_begun_ = false;  // `?` or `.`, which only `=` may follow
  char previous_ = 0;
};

// Reads the text after a word that names a secret until nothing can be its value any more.
//
// Between the two may stand: the rest of the name (`password1`, `db_password_prod`), quotes,
// emphasis, brackets, spaces, line breaks (no empty line), HTML tags, and words such as `is`,
// `value` and `default`. A value may begin after `:`, `=`, an arrow, such a word, a tag, or in the
// next cell of a table; in quotes also directly behind the name. A comma, a brace or a line break
// ends what was assigned before it, so that `"name": "password", "value": …` names the value only.
class NameReader {
 public:
  // `name` is the word that was read before; empty if that does not matter.
  explicit NameReader(absl::string_view name);

  // False when `byte` ends the reading. May be called again after that; it stays false.
  bool Read(char byte);
  // Whether a match may start here.
  bool open() const;

 private:
  bool ReadTag(char byte);
  bool ReadMark(char byte);
  bool EndWord();

  enum class In : std::uint8_t { kName, kGap, kWord, kTag } in_ = In::kName;
  bool over_ = false;
  bool assigned_ = false;
  bool quoted_ = false;       // right behind a quote that may begin a value
  bool separated_ = false;    // by a comma, a brace or a line break, without a word since
  bool fresh_line_ = false;   // only white space since a line break
  bool closed_tag_ = false;   // right behind the tag that the name stands in
  const bool may_close_tag_;  // the name may stand in a tag: `<password>`
  const bool unspaced_;       // a word may follow the name without a space
  char previous_ = 0;
  std::string word_;  // in lower case
};

// Whether `between`, the text between two matches, separates items of a list: commas, semicolons,
// `and` or line breaks, with bullets, numbers of items, quotes and brackets. With `same_line` the
// word that opened the list stands on the line of its first item; otherwise an item may have a
// label behind its bullet (`- Ann: …`), and a comma is followed by a space, because in rows of a
// table the next value belongs to another column.
bool ContinuesList(absl::string_view between, bool same_line);

// Whether a (lower-case) word may stand between a name and its value (ProximityRule::beside).
bool IsLink(absl::string_view word);

// The conditions of a ProximityRule on the text `between` a context word and a match: `assigned`,
// `beside` (after the word `last`) and `named`.
bool Assigns(absl::string_view between);
bool StandsBeside(absl::string_view last, absl::string_view between);
bool Names(absl::string_view last, absl::string_view between);

// Whether `word`, followed by `between`, stands in the replacement of a match: `<US_SSN>`.
bool IsReplacement(absl::string_view word, absl::string_view between);

// Whether the text before a match ends in an operator that compares, or the marks of a heading.
bool EndsInComparison(absl::string_view before);

}  // namespace countersign::text::redaction
