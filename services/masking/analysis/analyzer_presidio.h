#pragma once

#include <memory>
#include <string>

#include "libs/base/clock.h"
#include "libs/http/fetch.h"
#include "services/masking/analysis/analyzer.h"

namespace countersign::masking::analysis {

// An analyzer that speaks the HTTP API of Presidio's analyzer: POST /analyze with a list of texts.
// An entity `person` is PERSON there, and offsets count characters. Destruction answers outstanding
// requests with CANCELLED.
class PresidioAnalyzer final : public Analyzer {
 public:
  // `url`: of the server, without `/analyze`. `authority`: a PEM file; empty: the system's CAs.
  PresidioAnalyzer(std::string url, const Clock& clock, std::string authority);

  void Analyze(AnalyzerRequest request, absl::Time deadline,
               domain::Done<std::vector<Finding>> done) override;

 private:
  const std::string url_;
  const Clock& clock_;
  http::Fetcher fetcher_;
};

// The body of a request.
std::string WritePresidioRequest(const AnalyzerRequest& request);

// The findings of an answer to it, unchecked but for their spans. INTERNAL for any other form.
absl::StatusOr<std::vector<Finding>> ReadPresidioAnswer(const AnalyzerRequest& request,
                                                        absl::string_view body);

}  // namespace countersign::masking::analysis
