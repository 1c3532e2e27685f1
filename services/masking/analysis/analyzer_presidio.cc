#include "services/masking/analysis/analyzer_presidio.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::masking::analysis {
namespace {

constexpr std::size_t kMostAnswerBytes = 4u << 20;

absl::Status NotUnderstood(absl::string_view what) {
  return absl::InternalError(absl::StrCat("Presidio's answer ", what));
}

// The offsets of the characters of a text, and its size.
std::vector<std::size_t> FindCharacters(const std::string& text) {
  std::vector<std::size_t> offsets;
  for (std::size_t at = 0; at < text.size(); at += DecodeUtf8(text, at).size) offsets.push_back(at);
  offsets.push_back(text.size());
  return offsets;
}

absl::Status ReadResult(const json::Value& result, const std::vector<std::size_t>& characters,
                        Finding finding, std::vector<Finding>& findings) {
  const auto begin = result["start"].integer();
  const auto end = result["end"].integer();
  const auto score = result["score"].number();
  const json::Value entity = result["entity_type"];
  if (!begin || !end || !score || !entity.is(json::Type::kString)) {
    return NotUnderstood("has a result without start, end, score or entity_type");
  }
  const auto last = static_cast<std::int64_t>(characters.size()) - 1;
  if (*begin < 0 || *begin >= *end || *end > last) {
    return NotUnderstood("has a span that is not in its text");
  }
  finding.begin = characters[static_cast<std::size_t>(*begin)];
  finding.end = characters[static_cast<std::size_t>(*end)];
  finding.entity = absl::AsciiStrToLower(entity.text());
  finding.score = *score;
  findings.push_back(std::move(finding));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Finding>> ReadResponse(const AnalyzerRequest& request,
                                                  absl::StatusOr<http::FetchResponse> response) {
  CS_RETURN_IF_ERROR(response.status());
  if (response->status != 200) {
    return absl::UnavailableError(absl::StrCat("Presidio answered HTTP ", response->status));
  }
  return ReadPresidioAnswer(request, response->body);
}

}  // namespace

PresidioAnalyzer::PresidioAnalyzer(std::string url, const Clock& clock, std::string authority)
    : url_(absl::StrCat(url, "/analyze")), clock_(clock), fetcher_({std::move(authority)}) {}

void PresidioAnalyzer::Analyze(AnalyzerRequest request, absl::Time deadline,
                               domain::Done<std::vector<Finding>> done) {
  http::FetchRequest fetch;
  fetch.url = url_;
  fetch.method = "POST";
  fetch.headers = {{"content-type", "application/json"}, {"accept", "application/json"}};
  fetch.body = WritePresidioRequest(request);
  fetch.timeout = std::max(deadline - clock_.Now(), absl::ZeroDuration());
  fetch.max_bytes = kMostAnswerBytes;
  fetch.allow_private = true;  // it is in the configuration of the process
  fetcher_.Fetch(std::move(fetch), [request = std::move(request), done = std::move(done)](
                                       absl::StatusOr<http::FetchResponse> response) mutable {
    done(ReadResponse(request, std::move(response)));
  });
}

std::string WritePresidioRequest(const AnalyzerRequest& request) {
  json::Writer out;
  out.BeginObject().Key("text").BeginArray();
  for (const std::string& text : request.texts) out.String(text);
  out.EndArray().Key("language").String(request.language).Key("entities").BeginArray();
  for (const std::string& entity : request.entities) out.String(absl::AsciiStrToUpper(entity));
  return out.EndArray().EndObject().TakeString();
}

absl::StatusOr<std::vector<Finding>> ReadPresidioAnswer(const AnalyzerRequest& request,
                                                        absl::string_view body) {
  const auto document = json::Document::Parse(body, json::BodyLimits(body.size()));
  if (!document.ok()) return NotUnderstood("is no JSON");
  const json::Value root = document->root();
  if (!root.is(json::Type::kArray) || root.size() != request.texts.size()) {
    return NotUnderstood("has not one list for each text");
  }
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (!root.at(i).is(json::Type::kArray)) return NotUnderstood("has not one list for each text");
    const std::vector<std::size_t> characters = FindCharacters(request.texts[i]);
    for (std::size_t j = 0; j < root.at(i).size(); ++j) {
      CS_RETURN_IF_ERROR(ReadResult(root.at(i).at(j), characters, {i, 0, 0, "", 0}, findings));
    }
  }
  return findings;
}

}  // namespace countersign::masking::analysis
