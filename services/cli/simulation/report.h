#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/json/document.h"
#include "services/cli/output/listing.h"
#include "services/cli/simulation/simulation.h"

namespace countersign::cli::simulation {

// Prints a simulation while it runs: the changed sessions, page by page, and in the end the
// summary. Not thread-safe.
class Report {
 public:
  // Calls of one kind. Only some of their ids are kept.
  struct Group {
    std::size_t count = 0;
    std::vector<std::string> ids;
  };

  // Prints a table, or JSON if the style's format is kJson. `out` must outlive it.
  Report(std::ostream& out, const output::ListingStyle& style);

  // `session` is one of a listing.
  void Add(json::Value session, const Comparison& compared);
  void AddFailure(json::Value session, absl::string_view why);
  void EndPage();
  void End();

  std::size_t calls() const { return unchanged_ + changed_ + failed_; }
  std::size_t changed() const { return changed_; }

 private:
  std::string SummaryJson() const;
  void PrintSummary() const;

  std::ostream& out_;
  const bool as_json_;
  output::Listing listing_;
  std::map<std::string, std::size_t> changes_;
  std::map<std::string, Group> failures_;  // by reason
  std::size_t unchanged_ = 0, changed_ = 0, failed_ = 0;
};

}  // namespace countersign::cli::simulation
