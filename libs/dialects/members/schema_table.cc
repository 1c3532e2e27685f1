#include "libs/dialects/members/schema_table.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace countersign::dialects::members {
namespace {

std::string Quoted(absl::string_view words) {
  const std::vector<absl::string_view> each = absl::StrSplit(words, ' ', absl::SkipEmpty());
  return absl::StrCat("`", absl::StrJoin(each, "`, `"), "`");
}

std::string Describe(const Rule& rule) {
  switch (rule.kind) {
    case Kind::kObject:
    case Kind::kConversation:
    case Kind::kMessage: return "";
    case Kind::kText: return "judged";
    case Kind::kSigned: return "judged; with a `signature`, a call that would mask it is refused";
    case Kind::kParts:
    case Kind::kJoinedText: return "judged, as one text with the other parts";
    case Kind::kChoice: return absl::StrCat("not judged while it is one of ", Quoted(rule.values));
    case Kind::kId:
      return absl::StrCat("not judged while it is one of ", Quoted(rule.values),
                          " and 8 to 64 letters and digits, with a digit and at most 11 in a row");
    case Kind::kModelId:
      return "not judged while it has letters, digits and `-_.:/@+` only; must fit the connection";
    case Kind::kNumber: return "not judged while it has at most 11 digits";
    case Kind::kMedia:
      return "not judged while it is well-formed base64 (alone or in a data: URL) that begins like "
             "a "
             "known format of its type and has more than 256 characters; shown by type, size and "
             "SHA-256";
    case Kind::kOpaque:
      return "not judged while it is well-formed base64 of no text, has more than 256 characters "
             "and "
             "is mixed like encrypted bytes; shown by size and SHA-256";
    case Kind::kSchema:
      return absl::StrCat("judged, names and all, but for the names ", Quoted(rule.values));
  }
  return "";
}

}  // namespace

std::string FormatTable(const Schema& schema) {
  std::string table = "| member | its value |\n|---|---|\n";
  for (const Rule& rule : schema.rules()) {
    const std::string what = Describe(rule);
    if (!what.empty()) absl::StrAppend(&table, "| `", rule.path, "` | ", what, " |\n");
  }
  return table;
}

}  // namespace countersign::dialects::members
