#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/json/document.h"

namespace countersign::cli::resources {

// Labels that a resource must have: "team=legal,stage!=test,owner,!draft". The empty selector
// matches everything. Immutable.
class LabelSelector {
 public:
  // A misuse that says which term is none.
  static absl::StatusOr<LabelSelector> Parse(const std::string& text);

  bool Matches(json::Value labels) const;
  bool empty() const { return terms_.empty(); }

 private:
  struct Term {
    std::string label;
    std::string value;
    bool any_value = false;  // only the label itself is asked for
    bool negated = false;
  };
  std::vector<Term> terms_;
};

}  // namespace countersign::cli::resources
