#include "libs/dialects/query_texts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/percent.h"

namespace countersign::dialects {
namespace {

constexpr std::size_t kLongestQuery = 1024;
constexpr std::size_t kMostParameters = 32;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsNumber(absl::string_view value) {
  return !value.empty() && value.size() <= 6 && std::all_of(value.begin(), value.end(), IsDigit);
}

// "2024-10-21", "2024-10-01-preview".
bool IsDate(absl::string_view value) {
  absl::ConsumeSuffix(&value, "-preview");
  if (value.size() != 10) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i == 4 || i == 7 ? value[i] != '-' : !IsDigit(value[i])) return false;
  }
  return true;
}

bool IsFlag(absl::string_view value) { return value == "true" || value == "false"; }
bool IsOrder(absl::string_view value) { return value == "asc" || value == "desc"; }

struct Parameter {
  absl::string_view name;
  bool (*has_shape)(absl::string_view value);
};
constexpr Parameter kKnown[] = {{"api-version", IsDate},
                                {"limit", IsNumber},
                                {"order", IsOrder},
                                {"beta", IsFlag},
                                {"stream", IsFlag}};

bool IsKnown(absl::string_view name, absl::string_view value) {
  return std::any_of(std::begin(kKnown), std::end(kKnown), [&](const Parameter& known) {
    return known.name == name && known.has_shape(value);
  });
}

// RFC 3986, section 3.4.
bool IsQueryCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("-._~!$&'()*+,;=:@/?%", c);
}

}  // namespace

absl::StatusOr<std::vector<QueryText>> FindQueryTexts(absl::string_view query) {
  std::vector<QueryText> texts;
  if (query.empty()) return texts;
  if (query.size() > kLongestQuery || !std::all_of(query.begin(), query.end(), IsQueryCharacter)) {
    return absl::InvalidArgumentError("the query is too long, or has characters to be encoded");
  }
  const std::vector<absl::string_view> parameters = absl::StrSplit(query, '&');
  if (parameters.size() > kMostParameters) {
    return absl::InvalidArgumentError("the query has too many parameters");
  }
  for (const absl::string_view parameter : parameters) {
    CS_ASSIGN_OR_RETURN(std::string text,
                        DecodePercent(absl::StrReplaceAll(parameter, {{"+", "%20"}})));
    const std::pair<absl::string_view, absl::string_view> split =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    if (text.empty() || IsKnown(split.first, split.second)) continue;
    texts.push_back(QueryText{std::string(split.first), std::move(text)});
  }
  return texts;
}

absl::Status AddQuery(absl::string_view query, ReadCall& call) {
  if (query.empty()) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(std::vector<QueryText> texts, FindQueryTexts(query));
  absl::StrAppend(&call.upstream_path, "?", query);
  if (texts.empty()) return absl::OkStatus();
  domain::Prompt prompt = *call.prompt;
  for (QueryText& text : texts) {
    domain::TextPart part;
    part.role = "user";
    part.pointer = absl::StrCat("/?", text.name);
    part.text = std::move(text.text);
    prompt.parts.push_back(std::move(part));
    call.places.emplace_back();
  }
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return absl::OkStatus();
}

}  // namespace countersign::dialects
