#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "services/cli/output/json_path.h"
#include "services/cli/output/output.h"
#include "services/cli/output/table.h"

namespace countersign::cli::output {

// One column of a listing.
struct Column {
  std::string heading;
  std::string member;                            // of the item; its cell is Cell of that
  std::function<std::string(json::Value)> cell;  // instead of `member`
  bool wide = false;                             // only with -o wide
  // As in TableColumn.
  std::size_t least = 0;
  bool is_id = false;
  bool optional = false;
  bool state = false;
};

// The characters of a cut UUIDv7 that name one thing in practice: its time, in milliseconds, and 12
// random bits.
inline constexpr std::size_t kShortId = 18;
// Of a name.
inline constexpr std::size_t kShortName = 8;

// How one listing is printed.
struct ListingStyle {
  Format format = Format::kTable;
  TableStyle table;
  std::string name_prefix;  // before each name of -o name: "policy/"
  std::string name_member = "id";
  std::optional<JsonPath> path;  // of -o jsonpath
};

// Writes a listing item by item: a table (nothing, without any item), names, or {"items": […],
// "nextPageToken": …} as PrintJson and PrintYaml write it. A table keeps one page in memory, a JSON
// path all items; the rest keeps nothing.
class Listing {
 public:
  // `out` must outlive it.
  Listing(std::ostream& out, ListingStyle style, std::vector<Column> columns);
  void Add(json::Value item);
  void EndPage();
  void End(absl::string_view next_page_token);

 private:
  std::ostream& out_;
  const ListingStyle style_;
  const std::vector<Column> columns_;
  Table table_;
  bool empty_ = true;
  std::string items_;  // for a JSON path
};

// "45s", "12m", "5h", "3d": the time since `rfc3339`, as kubectl shows ages; "-" for no time.
std::string Age(absl::string_view rfc3339, absl::Time now);

// Sorts by a column or a JSON path of each item: numbers before texts, equal ones in order.
// INVALID_ARGUMENT when `by` is neither a heading of `columns` nor a JSON path.
absl::Status SortItems(std::vector<json::Value>& items, const std::string& by,
                       const std::vector<Column>& columns);

}  // namespace countersign::cli::output
