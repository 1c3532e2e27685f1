#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

namespace countersign::cli::output {

// How tables are printed.
struct TableStyle {
  std::size_t width = 0;  // columns of the terminal; 0: no limit
  bool colours = false;   // states have colours
  bool headings = true;
};

// A column of a table, and what may be done to it where the terminal is too narrow.
struct TableColumn {
  std::string heading;
  std::size_t least = 0;  // cells may be cut to so many characters or the heading's; 0: never
  // Its cells are whole or have `least` characters, without "…": they can be used as they are.
  bool is_id = false;
  bool optional = false;  // may be left out, the last one first
  bool state = false;     // has colours
};

// A table with two spaces between columns, each as wide as its widest cell so far. Headings are in
// capitals; cells pass through Printable. Where the first rows are wider than the style allows,
// optional columns are left out until the others can be cut to fit; then the widest are cut.
class Table {
 public:
  explicit Table(std::vector<TableColumn> columns, TableStyle style = {});
  // Columns that are never cut.
  Table(std::initializer_list<const char*> headings);
  void Add(const std::vector<std::string>& cells);
  // Writes the rows added since the last Print. The first one writes the headings, if the style has
  // any.
  void Print(std::ostream& out);

 private:
  void LeaveOut();
  std::vector<std::size_t> FittingWidths() const;

  std::vector<TableColumn> columns_;
  const TableStyle style_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
  std::vector<bool> shown_;  // decided by the first rows
};

}  // namespace countersign::cli::output
