#include "libs/dialects/anthropic/json_lines_answer.h"

#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::dialects::anthropic {

absl::StatusOr<std::vector<domain::FieldPiece>> JsonLinesAnswer::Feed(absl::string_view bytes) {
  absl::StrAppend(&body_, bytes);
  return std::vector<domain::FieldPiece>();
}

absl::StatusOr<std::vector<domain::FieldPiece>> JsonLinesAnswer::Finish() {
  finished_ = true;
  std::vector<domain::FieldPiece> all;
  absl::string_view rest = body_;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const absl::string_view text = rest.substr(0, end);
    rest.remove_prefix(end == absl::string_view::npos ? rest.size() : end + 1);
    Line& line = lines_.emplace_back();
    if (end != absl::string_view::npos) line.end = "\n";
    if (absl::StripAsciiWhitespace(text).empty()) continue;
    line.reader = open_line_();
    CS_RETURN_IF_ERROR(line.reader->Feed(text).status());
    CS_ASSIGN_OR_RETURN(std::vector<domain::FieldPiece> pieces, line.reader->Finish());
    line.pieces = pieces.size();
    // Each line is an answer of its own: its fields are not those of another.
    for (domain::FieldPiece& piece : pieces) {
      piece.field = absl::StrCat("line/", lines_.size(), "/", piece.field);
    }
    std::move(pieces.begin(), pieces.end(), std::back_inserter(all));
  }
  body_.clear();
  return all;
}

absl::StatusOr<std::vector<Delivery>> JsonLinesAnswer::Release(
    std::vector<domain::FieldRelease> releases) {
  std::vector<Delivery> deliveries;
  if (!finished_) return deliveries;
  Delivery whole;
  whole.is_final = true;
  auto at = releases.begin();
  for (Line& line : lines_) {
    if (line.reader != nullptr) {
      std::vector<domain::FieldRelease> own(std::make_move_iterator(at),
                                            std::make_move_iterator(at + line.pieces));
      at += static_cast<std::ptrdiff_t>(line.pieces);
      CS_ASSIGN_OR_RETURN(const std::vector<Delivery> parts, line.reader->Release(std::move(own)));
      for (const Delivery& part : parts) {
        absl::StrAppend(&whole.bytes, part.bytes);
        whole.masked.insert(whole.masked.end(), part.masked.begin(), part.masked.end());
      }
    }
    absl::StrAppend(&whole.bytes, line.end);
  }
  lines_.clear();
  deliveries.push_back(std::move(whole));
  return deliveries;
}

}  // namespace countersign::dialects::anthropic
