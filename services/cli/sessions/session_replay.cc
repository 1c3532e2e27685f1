#include "services/cli/sessions/session_replay.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/session.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/output/output_file.h"
#include "services/cli/sessions/delivered_text.h"
#include "services/cli/sessions/session_filter.h"
#include "services/cli/sessions/session_pages.h"
#include "services/cli/sessions/session_transcript.h"
#include "services/cli/short_ids.h"

namespace countersign::cli::sessions {
namespace {

constexpr absl::Duration kTailInterval = absl::Milliseconds(500);

struct ReplayOptions {
  std::string id;
  double speed = 1;
  bool no_wait = false;
  bool raw = false;
  bool text = false;
};

// `delivered` with control characters escaped, because a terminal would act on a model's.
std::string ShownOnTerminal(absl::string_view delivered) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(delivered, '\n')) {
    lines.push_back(output::Printable(line));
  }
  return absl::StrJoin(lines, "\n");
}

// Writes one answer piece by piece: as the caller received it, or as the text of it.
class AnswerWriter {
 public:
  AnswerWriter(const Invocation& invocation, const ReplayOptions& options)
      : out_(invocation.out),
        as_text_(options.text || (invocation.out_is_terminal && !options.raw)),
        safe_(invocation.out_is_terminal && !options.raw) {}

  absl::Status Add(json::Value event) {
    const absl::string_view type = event["type"].text();
    if (type == domain::event_type::kRequest || type == domain::event_type::kResponseHead) {
      return Open(type, event["payload"].text());
    }
    if (type != domain::event_type::kResponseData) return absl::OkStatus();
    CS_ASSIGN_OR_RETURN(const std::string delivered,
                        domain::ReadResponseDataPayload(event["payload"].text()));
    return Write(reader_ == nullptr ? delivered : reader_->Feed(delivered));
  }

  absl::Status Finish() {
    if (reader_ == nullptr) return absl::OkStatus();
    CS_RETURN_IF_ERROR(Write(reader_->Finish()));
    return Write("\n");
  }

 private:
  absl::Status Open(absl::string_view type, absl::string_view payload) {
    const auto document = json::Document::Parse(payload, {64u << 20, 64});
    if (!as_text_ || !document.ok()) return absl::OkStatus();
    if (type == domain::event_type::kRequest) {
      operation_ = std::string(document->root()["operation"].text());
      path_ = std::string(document->root()["path"].text());
      return absl::OkStatus();
    }
    reader_ = std::make_unique<DeliveredText>(operation_, path_, ContentType(document->root()));
    return absl::OkStatus();
  }

  absl::Status Write(absl::string_view text) {
    out_ << (safe_ ? ShownOnTerminal(text) : std::string(text));
    return output::Flush(out_);
  }

  std::ostream& out_;
  const bool as_text_;
  const bool safe_;
  std::string operation_;
  std::string path_;
  std::unique_ptr<DeliveredText> reader_;
};

absl::Status Replay(const Invocation& invocation, const ReplayOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::string id, FindSession(*gateway, options.id));
  AnswerWriter writer(invocation, options);
  const absl::Time start = absl::Now();
  CS_RETURN_IF_ERROR(ForEachPageOfSession(*gateway, id, [&](json::Value page) -> absl::Status {
    const json::Value events = page["events"];
    for (std::size_t i = 0; i < events.size(); ++i) {
      const json::Value event = events.at(i);
      if (!options.no_wait && event["type"].text() == domain::event_type::kResponseData) {
        const double offset = event["offsetMs"].number().value_or(0) / options.speed;
        absl::SleepFor(start + absl::Milliseconds(offset) - absl::Now());
      }
      CS_RETURN_IF_ERROR(writer.Add(event));
    }
    return absl::OkStatus();
  }));
  return writer.Finish();
}

// Prints a session's answer as it is recorded, until it has ended.
absl::Status TailOne(const Invocation& invocation, GatewayClient& gateway, const std::string& word,
                     const ReplayOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::string id, FindSession(gateway, word));
  AnswerWriter writer(invocation, options);
  std::int64_t after = 0;
  for (;;) {
    json::Writer request;
    request.BeginObject().Key("id").String(id).Key("afterIndex").Int(after).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document page, gateway.Call(kGetSession, request.str()));
    const json::Value events = page.root()["events"];
    for (std::size_t i = 0; i < events.size(); ++i) {
      CS_RETURN_IF_ERROR(writer.Add(events.at(i)));
      after = events.at(i)["index"].integer().value_or(after);
      if (events.at(i)["type"].text() != domain::event_type::kEnd) continue;
      invocation.err << "\nended: " << output::Printable(page.root()["session"]["outcome"].text())
                     << "\n";
      return writer.Finish();
    }
    if (!page.root()["more"].boolean().value_or(false)) absl::SleepFor(kTailInterval);
  }
}

// Prints rows as they come: of JSON one object on a line.
class RowPrinter {
 public:
  explicit RowPrinter(const Invocation& invocation)
      : out_(invocation.out),
        lines_(invocation.output() == output::Format::kJson),
        listing_(invocation.out, MakeListingStyle(invocation), SessionColumns()) {}

  void Add(json::Value session) {
    if (lines_) {
      out_ << output::ToJson(session) << "\n";
    } else {
      listing_.Add(session);
    }
  }
  absl::Status Flush() {
    if (!lines_) listing_.EndPage();
    return output::Flush(out_);
  }

 private:
  std::ostream& out_;
  const bool lines_;
  output::Listing listing_;
};

// From when on sessions are asked for the next time: the oldest that runs, or else the newest,
// and a little before, because the record has a session a moment after its start.
std::string NextSince(json::Value items, const std::string& since) {
  constexpr absl::Duration kSlack = absl::Seconds(5);
  if (items.size() == 0) return since;
  json::Value from = items.at(0);
  for (std::size_t i = 0; i < items.size(); ++i) {  // newest first
    if (!items.at(i)["outcome"].exists()) from = items.at(i);
  }
  absl::Time start;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, from["startedAt"].text(), &start, &error)) return since;
  return std::max(since, FormatRfc3339(start - kSlack));
}

// Prints every session as it starts and as it ends, until it is interrupted.
absl::Status TailAll(const Invocation& invocation, GatewayClient& gateway) {
  RowPrinter rows(invocation);
  std::map<std::string, bool> printed;  // of the sessions of the last answer: whether they ran
  FilterOptions filter;
  filter.since = FormatRfc3339(absl::Now());
  for (;;) {
    CS_ASSIGN_OR_RETURN(const std::string request, FilterRequest(filter));
    CS_ASSIGN_OR_RETURN(const json::Document page, ListAll(gateway, kListSessions, request, 0));
    const json::Value items = page.root()["items"];
    std::map<std::string, bool> now;
    for (std::size_t i = items.size(); i-- > 0;) {
      const std::string id(items.at(i)["id"].text());
      const bool runs = !items.at(i)["outcome"].exists();
      now.emplace(id, runs);
      const auto before = printed.find(id);
      if (before == printed.end() || before->second != runs) rows.Add(items.at(i));
    }
    printed = std::move(now);
    filter.since = NextSince(items, filter.since);
    CS_RETURN_IF_ERROR(rows.Flush());
    absl::SleepFor(kTailInterval);
  }
}

absl::Status Tail(const Invocation& invocation, const ReplayOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  if (options.id.empty()) return TailAll(invocation, *gateway);
  return TailOne(invocation, *gateway, options.id, options);
}

}  // namespace

void AddReplayVerbs(CLI::App& sessions, Invocation& invocation) {
  auto replay = std::make_shared<ReplayOptions>();
  CLI::App* verb =
      sessions.add_subcommand("replay", "Write the answer as it was delivered, at its pace");
  verb->add_option("id", replay->id, kSessionIdHelp)->required();
  verb->add_option("--speed", replay->speed, "Times as fast (1)")
      ->check(command_line::PositiveNumber());
  verb->add_flag("--no-wait", replay->no_wait, "Write it all at once");
  verb->add_flag("--raw", replay->raw, "The delivered bytes, as always where no terminal is");
  verb->add_flag("--text", replay->text, "The text alone, as always on a terminal")
      ->excludes("--raw");
  verb->callback([&invocation, replay] {
    invocation.action = [&invocation, replay] { return Replay(invocation, *replay); };
  });

  auto tail = std::make_shared<ReplayOptions>();
  verb = sessions.add_subcommand("tail", "Follow a running session, or all sessions");
  verb->add_option("id", tail->id,
                   absl::StrCat(kSessionIdHelp, "; none: all, as they start and end"));
  verb->add_flag("--raw", tail->raw, "The delivered bytes, as always where no terminal is");
  verb->add_flag("--text", tail->text, "The text alone, as always on a terminal")
      ->excludes("--raw");
  verb->callback([&invocation, tail] {
    invocation.action = [&invocation, tail] { return Tail(invocation, *tail); };
  });
}

}  // namespace countersign::cli::sessions
