#include "libs/protobuf_texts/field_path.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"

namespace countersign::protobuf_texts {
namespace {

// A path repeats the keys above it, so they are short.
constexpr std::size_t kMostKeyBytes = 64;

void AppendName(std::string& path, absl::string_view name) {
  absl::StrAppend(&path, path.empty() ? "" : ".", name);
}

}  // namespace

PathStep::PathStep(FieldPath& path, absl::string_view name)
    : path_(path),
      path_size_(path.path.size()),
      series_size_(path.series.size()),
      names_size_(path.names.size()) {
  AppendName(path.path, name);
  AppendName(path.series, name);
  AppendName(path.names, name);
  path_name_end_ = path.path.size();
  series_name_end_ = path.series.size();
}

PathStep::PathStep(FieldPath& path, EntryPart part)
    : path_(path),
      path_size_(path.path.size()),
      series_size_(path.series.size()),
      names_size_(path.names.size()),
      path_name_end_(path_size_),
      series_name_end_(series_size_) {
  AppendName(path.names, part == EntryPart::kKey ? "key" : "value");
  if (part == EntryPart::kValue) return;
  path.path.append("#key");
  path.series.append("#key");
}

PathStep::~PathStep() {
  path_.path.resize(path_size_);
  path_.series.resize(series_size_);
  path_.names.resize(names_size_);
}

void PathStep::At(std::size_t index) {
  absl::StrAppend(&path_.path, "[", index, "]");
  absl::StrAppend(&path_.series, "[", index, "]");
}

void PathStep::IdentifyBy(std::uint64_t index) {
  path_.series.resize(series_name_end_);
  absl::StrAppend(&path_.series, "[index ", index, "]");
}

void PathStep::KeyedBy(absl::string_view key) {
  absl::string_view shown = key.substr(0, kMostKeyBytes);
  while (!shown.empty() && !IsUtf8(shown)) shown.remove_suffix(1);
  const std::string entry = absl::StrCat("[\"", absl::Utf8SafeCEscape(shown), "\"]");
  path_.series.resize(series_name_end_);
  path_.series.append(entry);
  if (shown.size() != key.size()) return;
  path_.path.resize(path_name_end_);
  path_.path.append(entry);
}

}  // namespace countersign::protobuf_texts
