#include "services/cli/output/listing.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"

namespace countersign::cli::output {
namespace {

std::vector<Column> ShownColumns(std::vector<Column> columns, Format format) {
  if (format != Format::kWide) {
    columns.erase(std::remove_if(columns.begin(), columns.end(),
                                 [](const Column& column) { return column.wide; }),
                  columns.end());
  }
  return columns;
}

std::vector<TableColumn> TableColumns(const std::vector<Column>& columns) {
  std::vector<TableColumn> out;
  for (const Column& column : columns) {
    out.push_back({.heading = column.heading,
                   .least = column.least,
                   .is_id = column.is_id,
                   .optional = column.optional,
                   .state = column.state});
  }
  return out;
}

std::string MakeCell(const Column& column, json::Value item) {
  return column.cell ? column.cell(item) : Cell(item[column.member]);
}

// What an item is sorted by: numbers before texts.
using SortKey = std::tuple<bool, double, std::string>;

SortKey ToSortKey(json::Value value) {
  if (const auto number = value.number()) return {false, *number, ""};
  return {true, 0, value.is(json::Type::kString) ? std::string(value.text()) : ToJson(value)};
}

}  // namespace

Listing::Listing(std::ostream& out, ListingStyle style, std::vector<Column> columns)
    : out_(out),
      style_(std::move(style)),
      columns_(ShownColumns(std::move(columns), style_.format)),
      table_(TableColumns(columns_), style_.table) {}

void Listing::Add(json::Value item) {
  switch (style_.format) {
    case Format::kTable:
    case Format::kWide: {
      std::vector<std::string> cells;
      for (const Column& column : columns_) cells.push_back(MakeCell(column, item));
      table_.Add(cells);
      break;
    }
    case Format::kName:
      out_ << Printable(style_.name_prefix) << Printable(item[style_.name_member].text()) << "\n";
      break;
    case Format::kJson:
      out_ << (empty_ ? "{\n  \"items\": [\n    " : ",\n    ");
      PrintNestedJson(out_, item, 2);
      break;
    case Format::kYaml:
      out_ << (empty_ ? "items:\n- " : "- ");
      PrintNestedYaml(out_, item);
      break;
    case Format::kJsonPath: absl::StrAppend(&items_, empty_ ? "" : ",", ToJson(item)); break;
  }
  empty_ = false;
}

void Listing::EndPage() {
  if (IsTable(style_.format) && !empty_) table_.Print(out_);
}

void Listing::End(absl::string_view next_page_token) {
  switch (style_.format) {
    case Format::kTable:
    case Format::kWide: EndPage(); break;
    case Format::kName: break;
    case Format::kJson:
      out_ << (empty_ ? "{\n  \"items\": [" : "\n  ")
           << "],\n  \"nextPageToken\": " << JsonText(next_page_token) << "\n}\n";
      break;
    case Format::kYaml:
      out_ << (empty_ ? "items: []\n" : "") << "nextPageToken: " << YamlText(next_page_token)
           << "\n";
      break;
    case Format::kJsonPath: {
      const auto whole = json::Document::Parse(
          absl::StrCat("{\"items\":[", items_, "],\"nextPageToken\":", json::Quote(next_page_token),
                       "}"),
          {256u << 20, 64});
      if (whole.ok()) out_ << style_.path->Evaluate(whole->root());
      break;
    }
  }
}

std::string Age(absl::string_view rfc3339, absl::Time now) {
  absl::Time then;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, rfc3339, &then, &error)) return "-";
  const absl::Duration age = std::max(now - then, absl::ZeroDuration());
  if (age < absl::Minutes(2)) return absl::StrCat(absl::ToInt64Seconds(age), "s");
  if (age < absl::Hours(2)) return absl::StrCat(absl::ToInt64Minutes(age), "m");
  if (age < absl::Hours(48)) return absl::StrCat(absl::ToInt64Hours(age), "h");
  return absl::StrCat(absl::ToInt64Hours(age) / 24, "d");
}

absl::Status SortItems(std::vector<json::Value>& items, const std::string& by,
                       const std::vector<Column>& columns) {
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& one) {
    return absl::EqualsIgnoreCase(one.heading, by);
  });
  std::optional<JsonPath> path;
  if (column == columns.end()) {
    CS_ASSIGN_OR_RETURN(path, JsonPath::Parse(by));
  }
  const auto key = [&](json::Value item) {
    if (!path) {
      return column->member.empty() ? SortKey{true, 0, MakeCell(*column, item)}
                                    : ToSortKey(item[column->member]);
    }
    const std::vector<json::Value> found = path->Find(item);
    return found.empty() ? SortKey{true, 0, ""} : ToSortKey(found.front());
  };
  std::vector<std::pair<SortKey, json::Value>> keyed;
  for (const json::Value item : items) keyed.emplace_back(key(item), item);
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = keyed[i].second;
  return absl::OkStatus();
}

}  // namespace countersign::cli::output
