#include "libs/json/duplicates.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "libs/base/status.h"
#include "libs/json/any_json.h"

namespace countersign::json {
namespace {

// Copies a document without the members that later ones replace.
class Copier {
 public:
  explicit Copier(absl::string_view source) : source_(source) {}

  void Walk(const Value& value) {
    if (value.is(Type::kArray)) {
      for (std::size_t i = 0; i < value.size(); ++i) Walk(value.at(i));
    } else if (value.is(Type::kObject)) {
      WalkObject(value);
    }
  }

  std::string Take() {
    CopyUntil(source_.size());
    return std::move(copy_);
  }

 private:
  void WalkObject(const Value& object) {
    std::vector<bool> replaced(object.size());
    absl::flat_hash_set<absl::string_view> names;
    for (std::size_t i = object.size(); i > 0; --i) {
      replaced[i - 1] = !names.insert(object.key(i - 1)).second;
    }
    std::size_t begin = object.begin() + 1;
    for (std::size_t i = 0; i < object.size(); ++i) {
      // The last member is never replaced; a comma follows each of the others.
      const bool last = i + 1 == object.size();
      const std::size_t next = last ? 0 : source_.find(',', object.at(i).end()) + 1;
      if (replaced[i]) {
        CopyUntil(begin);
        copied_ = next;
      } else {
        Walk(object.at(i));
      }
      begin = next;
    }
  }

  void CopyUntil(std::size_t end) {
    copy_.append(source_.data() + copied_, end - copied_);
    copied_ = end;
  }

  const absl::string_view source_;
  std::string copy_;
  std::size_t copied_ = 0;  // bytes of the source that were copied or left out
};

}  // namespace

absl::StatusOr<std::string> KeepLastMembers(absl::string_view bytes, const Limits& limits) {
  AnyJson any;
  any.duplicate_names = true;
  CS_ASSIGN_OR_RETURN(const Document document, ParseAnyJson(bytes, limits, any));
  Copier copier(bytes);
  copier.Walk(document.root());
  return copier.Take();
}

}  // namespace countersign::json
