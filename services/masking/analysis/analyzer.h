#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/domain/call.h"

// The port for what patterns cannot find: names of people, places, organisations. docs/analyzers.md
// is its contract.
namespace countersign::masking::analysis {

struct AnalyzerRequest {
  std::vector<std::string> texts;     // UTF-8, each at most text::unicode::kMaxSentence bytes
  std::string language;               // of all texts: "en"
  std::vector<std::string> entities;  // what is wanted, lower snake case
};

// Bytes [begin, end) of the request's text number `text`.
struct Finding {
  std::size_t text = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string entity;
  double score = 0;  // 0 … 1
};

// A service with a model. Thread-safe.
class Analyzer {
 public:
  virtual ~Analyzer() = default;

  // Findings in any order; they may overlap. They are checked by the caller (CheckFindings).
  virtual void Analyze(AnalyzerRequest request, absl::Time deadline,
                       domain::Done<std::vector<Finding>> done) = 0;
};

// The most of one request.
inline constexpr std::size_t kMostTexts = 64;
inline constexpr std::size_t kMostTextBytes = 32 * 1024;
// The most findings in one text.
inline constexpr std::size_t kMostFindings = 256;

// INTERNAL when an answer is none: a text that was not sent, a span that is empty, leaves its text
// or cuts a character, an entity that was not asked for, a score outside of 0 … 1, too many.
absl::Status CheckFindings(const AnalyzerRequest& request, const std::vector<Finding>& findings);

}  // namespace countersign::masking::analysis
