#include "services/cli/output/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/base/utf8.h"
#include "services/cli/output/output.h"

namespace countersign::cli::output {
namespace {

constexpr std::size_t kGap = 2;

std::size_t DisplayWidth(absl::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string Cut(const std::string& text, std::size_t width, bool is_id) {
  if (DisplayWidth(text) <= width) return text;
  const std::size_t kept = is_id ? width : width - 1;
  std::size_t at = 0;
  for (std::size_t i = 0; i < kept; ++i) at += DecodeUtf8(text, at).size;
  return absl::StrCat(text.substr(0, at), is_id ? "" : "…");
}

// The escape sequence of a state's colour: green is good, yellow waits, red is refused or failed.
absl::string_view Colour(absl::string_view state) {
  static constexpr absl::string_view kGreen[] = {"APPROVED", "CONSUMED", "completed",
                                                 "ACTIVE",   "SERVING",  "ok"};
  static constexpr absl::string_view kYellow[] = {"PENDING", "running", "review_pending", "warning",
                                                  "skipped"};
  const auto is_one = [&](const auto& states) {
    return std::find(std::begin(states), std::end(states), state) != std::end(states);
  };
  if (is_one(kGreen)) return "\x1b[32m";
  if (is_one(kYellow)) return "\x1b[33m";
  return state == "-" ? "" : "\x1b[31m";
}

std::vector<TableColumn> Uncut(std::initializer_list<const char*> headings) {
  std::vector<TableColumn> columns;
  for (const char* const heading : headings) columns.push_back({.heading = heading});
  return columns;
}

}  // namespace

Table::Table(std::vector<TableColumn> columns, TableStyle style)
    : columns_(std::move(columns)), style_(style) {
  if (!style_.headings) return;
  // A heading that is cut says nothing.
  for (TableColumn& column : columns_) {
    if (column.least > 0) column.least = std::max(column.least, DisplayWidth(column.heading));
  }
  std::vector<std::string> cells;
  for (const TableColumn& column : columns_) cells.push_back(column.heading);
  Add(cells);
}

Table::Table(std::initializer_list<const char*> headings) : Table(Uncut(headings)) {}

void Table::Add(const std::vector<std::string>& cells) {
  auto& row = rows_.emplace_back();
  widths_.resize(columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    row.push_back(Printable(cells[i]));
    widths_[i] = std::max(widths_[i], DisplayWidth(row.back()));
  }
}

void Table::LeaveOut() {
  shown_.assign(columns_.size(), true);
  if (style_.width == 0) return;
  std::size_t least = 0;
  const auto least_width = [&](std::size_t i) {
    const std::size_t cut = columns_[i].least;
    return kGap + (cut == 0 ? widths_[i] : std::min(widths_[i], cut));
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) least += least_width(i);
  for (std::size_t i = columns_.size(); i-- > 0 && least > style_.width + kGap;) {
    if (!columns_[i].optional) continue;
    shown_[i] = false;
    least -= least_width(i);
  }
}

std::vector<std::size_t> Table::FittingWidths() const {
  std::vector<std::size_t> widths = widths_;
  std::size_t total = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) total += shown_[i] ? kGap + widths[i] : 0;
  if (style_.width == 0 || total <= style_.width + kGap) return widths;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (!shown_[i] || !columns_[i].is_id || widths[i] <= columns_[i].least) continue;
    total -= widths[i] - columns_[i].least;
    widths[i] = columns_[i].least;
  }
  while (total > style_.width + kGap) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (!shown_[i] || columns_[i].least == 0 || widths[i] <= columns_[i].least) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) break;
    --widths[widest];
    --total;
  }
  return widths;
}

void Table::Print(std::ostream& out) {
  if (shown_.empty() && !rows_.empty()) LeaveOut();
  const std::vector<std::size_t> widths = FittingWidths();
  for (const auto& row : rows_) {
    std::string gap;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!shown_[i]) continue;
      const std::string cell = Cut(row[i], widths[i], columns_[i].is_id);
      const bool coloured = style_.colours && columns_[i].state && row[i] != columns_[i].heading;
      const absl::string_view colour = coloured ? Colour(cell) : "";
      out << gap << colour << cell << (colour.empty() ? "" : "\x1b[0m");
      gap = std::string(widths[i] - DisplayWidth(cell) + kGap, ' ');
    }
    out << "\n";
  }
  rows_.clear();
}

}  // namespace countersign::cli::output
