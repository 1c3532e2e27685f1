#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace countersign::protobuf_texts {

// Where the reader of a message is, in the three forms of Text.
struct FieldPath {
  std::string path;
  std::string series;
  std::string names;
};

// A step down, undone when it goes out of scope.
class PathStep {
 public:
  PathStep(FieldPath& path, absl::string_view name);

  enum class EntryPart { kKey, kValue };
  // To the key or the value of a map's entry; the value has the entry's path.
  PathStep(FieldPath& path, EntryPart part);
  ~PathStep();
  PathStep(const PathStep&) = delete;
  PathStep& operator=(const PathStep&) = delete;

  // To an element of a repeated field.
  void At(std::size_t index);
  // The element is known by the value of its field `index` in a series.
  void IdentifyBy(std::uint64_t index);
  // The element is a map's entry with this key. Of long keys `path` has the index, `series` the
  // beginning.
  void KeyedBy(absl::string_view key);

 private:
  FieldPath& path_;
  const std::size_t path_size_;
  const std::size_t series_size_;
  const std::size_t names_size_;
  std::size_t path_name_end_;
  std::size_t series_name_end_;
};

}  // namespace countersign::protobuf_texts
