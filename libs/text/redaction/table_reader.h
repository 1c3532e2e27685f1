#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::redaction {

class ContextWords;

// Follows tables in folded text, byte by byte: the rows of Markdown, and values that tabs,
// semicolons, commas or several spaces separate. The cells of a header name what their columns
// hold, so in a row a value needs no word of its own.
//
// A line is a header if it has at least two cells, each of at most kWidestCell bytes, no digit, no
// colon, no end of a sentence and no tag, and a phrase of a rule in one of them. Its rows are the
// lines that follow until one has no separator of its kind, or is a header itself. A separator
// between double quotes belongs to its cell. A value begins its cell, behind spaces, quotes and
// emphasis only. A string of a document is a text of its own: no table reaches beyond its quotes.
class TableReader {
 public:
  static constexpr std::size_t kWidestCell = 40;

  // Whether the current line may be a header, or a row of a table. If not, only the next end of a
  // line (FindLineEnd) matters.
  bool reading() const { return may_be_header_ || separator_ != kNone; }
  // Whether a value may begin here in a column with a name.
  bool open() const {
    return separator_ != kNone && blank_ && counts_[separator_] != kTooMany && HasColumn();
  }
  // Whether it may be one of the rules with this proximity rule.
  bool Names(std::uint32_t proximity) const;
  // The proximity rules of the column.
  template <typename Use>
  void VisitNames(const Use& use) const {
    if (!open()) return;
    for (const Column& column : columns_) {
      if (column.number == counts_[separator_]) use(column.proximity);
    }
  }
  bool in_table() const { return separator_ != kNone; }

  // False for many lines that are no headers, without reading them byte by byte.
  static bool MayBeHeader(absl::string_view line);

  // The next byte that ends a line: a line break, or the quote of a document's string, which is a
  // text of its own. npos if there is none.
  static bool EndsLine(char byte) { return byte == '\n' || byte == unicode::kStringEdge; }
  static std::size_t FindLineEnd(absl::string_view text, std::size_t from);

  // Reads one byte. `before` is the text before it: at least its last kWidestCell + 1 bytes, or
  // all.
  void Read(char byte, absl::string_view before, const ContextWords& words);

  std::size_t memory_bytes() const {
    return (columns_.capacity() + found_.capacity()) * sizeof(Column);
  }

 private:
  static constexpr std::size_t kKinds = 5;  // of separators: | tab ; , and two spaces or more
  static constexpr std::uint8_t kSemicolon = 2, kComma = 3, kGap = 4;
  static constexpr std::uint8_t kNone = kKinds;
  static constexpr std::uint8_t kTooMany = 255;
  static constexpr std::size_t kMostColumns = 64;

  struct Column {
    std::uint8_t number;
    std::uint16_t proximity;
  };
  // A named cell of the line, which may be a header.
  struct Found {
    std::array<std::uint8_t, kKinds> number;
    std::uint16_t proximity;
  };

  bool HasColumn() const;
  bool EndsGap(char byte);
  void Separate(std::uint8_t kind, absl::string_view before, const ContextWords& words);
  void EndCell(absl::string_view before, const ContextWords& words);
  void EndLine();
  void StartLine();

  bool may_be_header_ = true;
  bool quoted_ = false;
  bool blank_ = true;               // the cell has no value so far
  std::uint8_t separator_ = kNone;  // of the table; an index of counts_
  std::uint8_t cell_size_ = 0;
  std::uint8_t spaces_ = 0;                    // in a row
  bool begun_ = false;                         // the line has more than spaces so far
  std::array<std::uint8_t, kKinds> counts_{};  // separators in the line so far
  std::vector<Column> columns_;
  std::vector<Found> found_;
};

}  // namespace countersign::text::redaction
