#include "services/cli/simulation/report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/json/writer.h"

namespace countersign::cli::simulation {
namespace {

constexpr std::size_t kMostIds = 5, kMostReasons = 100;

// "deny: permission_denied", "deny (no policy matches)", "review".
std::string Verdict(json::Value decided) {
  const absl::string_view verdict = decided["verdict"].text();
  const absl::string_view code = decided["code"].text();
  return code.empty() ? std::string(verdict) : absl::StrCat(verdict, ": ", code);
}

std::string PolicyCell(json::Value item) {
  const absl::string_view policy = item["wouldBe"]["policy"].text();
  return policy.empty() ? "-" : std::string(policy);
}

std::vector<output::Column> Columns() {
  return {
      {.heading = "ID", .member = "id", .least = output::kShortId, .is_id = true},
      {.heading = "STARTED", .member = "startedAt"},
      {.heading = "IDENTITY", .member = "identity", .least = output::kShortName},
      {.heading = "MODEL", .member = "model", .least = output::kShortName, .optional = true},
      {.heading = "WAS", .cell = [](json::Value item) { return Verdict(item["was"]); }},
      {.heading = "WOULD BE", .cell = [](json::Value item) { return Verdict(item["wouldBe"]); }},
      {.heading = "POLICY", .cell = PolicyCell, .least = output::kShortName},
      {.heading = "CHANGE", .member = "change", .least = output::kShortName, .optional = true},
      {.heading = "CONNECTION", .member = "connection", .wide = true},
      {.heading = "OPERATION", .member = "operation", .wide = true},
      {.heading = "OUTCOME", .member = "outcome", .wide = true},
  };
}

void WriteDecided(json::Writer& out, absl::string_view name,
                  const offline::OfflinePolicy::Decided& decided) {
  out.Key(name).BeginObject();
  out.Key("verdict").String(domain::ToString(decided.decision.verdict));
  out.Key("policy").String(decided.decision.policy);
  out.Key("code").String(decided.refusal ? decided.refusal->code : "");
  out.Key("maskingProfile").String(decided.decision.masking_profile);
  out.Key("recording").String(domain::ToString(decided.decision.recording)).EndObject();
}

std::string ItemJson(json::Value session, const Comparison& compared) {
  json::Writer out;
  out.BeginObject();
  for (const char* const member :
       {"id", "startedAt", "identity", "connection", "model", "operation", "outcome"}) {
    out.Key(member).String(session[member].text());
  }
  WriteDecided(out, "was", compared.was);
  WriteDecided(out, "wouldBe", compared.would_be);
  return out.Key("change").String(compared.change).EndObject().TakeString();
}

std::int64_t Int(std::size_t count) { return static_cast<std::int64_t>(count); }

absl::string_view Calls(std::size_t count) { return count == 1 ? " call" : " calls"; }

}  // namespace

Report::Report(std::ostream& out, const output::ListingStyle& style)
    : out_(out), as_json_(style.format == output::Format::kJson), listing_(out, style, Columns()) {
  if (as_json_) out_ << "{\n  \"items\": [";
}

void Report::Add(json::Value session, const Comparison& compared) {
  if (compared.change.empty()) {
    ++unchanged_;
    return;
  }
  ++changes_[compared.change];
  const auto item = json::Document::Parse(ItemJson(session, compared));
  if (as_json_) {
    out_ << (changed_ == 0 ? "\n    " : ",\n    ");
    output::PrintNestedJson(out_, item->root(), 2);
  } else {
    listing_.Add(item->root());
  }
  ++changed_;
}

void Report::AddFailure(json::Value session, absl::string_view why) {
  ++failed_;
  const bool known = failures_.count(std::string(why)) != 0;
  // Reasons come from bodies, too: their number has a bound.
  Group& group =
      failures_[known || failures_.size() < kMostReasons ? std::string(why) : "other reasons"];
  ++group.count;
  if (group.ids.size() < kMostIds) group.ids.emplace_back(session["id"].text());
}

void Report::EndPage() {
  if (!as_json_) listing_.EndPage();
}

void Report::End() {
  if (!as_json_) {
    listing_.EndPage();
    PrintSummary();
    return;
  }
  out_ << (changed_ == 0 ? "],\n  \"summary\": " : "\n  ],\n  \"summary\": ");
  const auto summary = json::Document::Parse(SummaryJson());
  output::PrintNestedJson(out_, summary->root(), 1);
  out_ << "\n}\n";
}

std::string Report::SummaryJson() const {
  json::Writer out;
  out.BeginObject().Key("calls").Int(Int(calls())).Key("unchanged").Int(Int(unchanged_));
  out.Key("changed").Int(Int(changed_)).Key("changes").BeginArray();
  for (const auto& [change, count] : changes_) {
    out.BeginObject().Key("change").String(change).Key("count").Int(Int(count)).EndObject();
  }
  out.EndArray().Key("notSimulated").BeginArray();
  for (const auto& [why, group] : failures_) {
    out.BeginObject().Key("reason").String(why).Key("count").Int(Int(group.count));
    out.Key("ids").BeginArray();
    for (const std::string& id : group.ids) out.String(id);
    out.EndArray().EndObject();
  }
  return out.EndArray().EndObject().TakeString();
}

void Report::PrintSummary() const {
  out_ << (changed_ == 0 ? "" : "\n") << calls() << Calls(calls()) << ": " << unchanged_
       << " unchanged, " << changed_ << " changed, " << failed_ << " not simulated\n";
  for (const auto& [change, count] : changes_) {
    out_ << "  " << output::Printable(change) << ": " << count << "\n";
  }
  for (const auto& [why, group] : failures_) {
    out_ << "not simulated: " << group.count << Calls(group.count) << ": " << output::Printable(why)
         << " (" << output::Printable(absl::StrJoin(group.ids, ", "))
         << (group.count > group.ids.size() ? ", …" : "") << ")\n";
  }
}

}  // namespace countersign::cli::simulation
