#include "services/cli/sessions/session_transcript.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/session.h"
#include "services/cli/output/output.h"
#include "services/cli/output/table.h"
#include "services/cli/output/text_block.h"
#include "services/cli/sessions/delivered_text.h"
#include "services/cli/sessions/session_filter.h"

namespace countersign::cli::sessions {
namespace {

using output::Cell;
using output::Printable;

// Leaves out what is not known.
void Line(std::ostream& out, absl::string_view name, const std::string& value) {
  if (!value.empty() && value != "-") output::PrintField(out, name, value);
}

std::string Took(json::Value session) {
  const std::string when = Cell(session["startedAt"]);
  if (!session["outcome"].exists()) return absl::StrCat(when, ", still running");
  const std::string duration = SessionDuration(session);
  return duration == "-" ? when : absl::StrCat(when, ", took ", duration);
}

std::string Who(json::Value session) {
  const std::string identity = Cell(session["identity"]);
  const absl::string_view subject = session["subject"].text();
  const absl::string_view issuer = session["issuer"].text();
  if (issuer.empty() || identity == subject) return identity;
  return absl::StrCat(identity, " (", subject, " of ", issuer, ")");
}

json::Document Payload(json::Value event) {
  auto document = json::Document::Parse(event["payload"].text(), {64u << 20, 64});
  return document.ok() ? *std::move(document) : *json::Document::Parse("{}");
}

// The first event of a type; none: a value that does not exist.
json::Value FindEvent(json::Value events, absl::string_view type) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events.at(i)["type"].text() == type) return events.at(i);
  }
  return json::Value();
}

void PrintHead(std::ostream& out, json::Value session, json::Value request) {
  Line(out, "Session:", Cell(session["id"]));
  Line(out, "Who:", Who(session));
  Line(out, "When:", Took(session));
  Line(out, "From:", Cell(request["client_address"]));
  Line(out, "By:", Cell(request["user_agent"]));
  Line(out, "Call:",
       absl::StrCat(Cell(request["method"]), " ", Cell(request["path"]), " of ",
                    Cell(session["connection"]), ", model ", Cell(session["model"]),
                    session["stream"].boolean().value_or(false) ? ", streamed" : ""));
  Line(out, "Policy:", Cell(session["policy"]));
  Line(out, "Review:", Cell(session["reviewId"]));
  Line(out, "Approved by:", Cell(session["approvers"]));
  std::string outcome = session["outcome"].exists() ? Cell(session["outcome"]) : "running";
  if (!session["code"].text().empty()) absl::StrAppend(&outcome, " (", session["code"].text(), ")");
  Line(out, "Outcome:", outcome);
  Line(out, "Tokens:",
       absl::StrCat(Cell(session["inputTokens"]), " in, ", Cell(session["outputTokens"]), " out"));
  Line(out, "Masked:", Cell(session["masked"]));
}

void PrintPrompt(std::ostream& out, json::Value request, json::Value forward) {
  const json::Value parts = request["parts"];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out << "\n" << Printable(parts.at(i)["role"].text()) << ":\n";
    output::PrintText(out, parts.at(i)["text"].text());
  }
  const json::Value masked = forward["masked"];
  if (masked.size() == 0) return;
  out << "\nMasked before it was sent:\n";
  for (std::size_t i = 0; i < masked.size(); ++i) {
    out << "  " << Printable(masked.at(i)["entity"].text()) << " in "
        << Printable(masked.at(i)["field"].text()) << "\n";
  }
}

void PrintAnswer(std::ostream& out, json::Value request, json::Value head, json::Value events) {
  DeliveredText reader(request["operation"].text(), request["path"].text(), ContentType(head));
  std::string text;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events.at(i)["type"].text() != domain::event_type::kResponseData) continue;
    const auto delivered = domain::ReadResponseDataPayload(events.at(i)["payload"].text());
    if (delivered.ok()) text += reader.Feed(*delivered);
  }
  text += reader.Finish();
  if (text.empty()) return;
  out << "\nanswer";
  if (head["status"].exists()) out << " (" << Cell(head["status"]) << ")";
  out << ":\n";
  output::PrintText(out, absl::StripTrailingAsciiWhitespace(text));
}

// What a stage's event says, in a few words.
std::string Stage(absl::string_view type, json::Value payload) {
  namespace types = domain::event_type;
  if (type == types::kRequest) return "asked";
  if (type == types::kDecision) {
    return absl::StrCat("decided: ", Cell(payload["verdict"]), " by policy ",
                        Cell(payload["policy"]));
  }
  if (type == types::kReviewWaiting) return "waits for a review";
  if (type == types::kReviewApproved || type == types::kReviewConsumed) {
    return absl::StrCat(type == types::kReviewApproved ? "approved by " : "approval used, of ",
                        Cell(payload["approvers"]));
  }
  if (type == types::kReviewDenied || type == types::kReviewRevoked) {
    const std::string reason = Cell(payload["reason"]);
    return absl::StrCat(type == types::kReviewDenied ? "denied by " : "revoked by ",
                        Cell(payload["reviewer"]), reason == "-" ? "" : ": ",
                        reason == "-" ? "" : reason);
  }
  if (type == types::kReviewExpired) return "review expired";
  if (type == types::kForward) return absl::StrCat("sent, ", Cell(payload["bytes"]), " bytes");
  if (type == types::kResponseHead)
    return absl::StrCat("answered, status ", Cell(payload["status"]));
  if (type == types::kEnd) return absl::StrCat("ended: ", Cell(payload["outcome"]));
  return std::string(type);
}

void PrintStages(std::ostream& out, json::Value events) {
  out << "\nStages:\n";
  std::size_t pieces = 0;
  json::Value last;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const json::Value event = events.at(i);
    if (event["type"].text() == domain::event_type::kResponseData) {
      ++pieces;
      last = event;
      if (pieces > 1) continue;
    }
    const std::string offset = Cell(event["offsetMs"]);
    const auto line = [&](const std::string& at, const std::string& what) {
      out << std::string(at.size() < 9 ? 9 - at.size() : 0, ' ') << at << " ms  " << Printable(what)
          << "\n";
    };
    if (pieces == 1 && event["type"].text() == domain::event_type::kResponseData) {
      line(offset, "first piece delivered");
      continue;
    }
    if (event["type"].text() == domain::event_type::kEnd && pieces > 1) {
      line(Cell(last["offsetMs"]), absl::StrCat("last of ", pieces, " pieces delivered"));
    }
    line(offset, Stage(event["type"].text(), Payload(event).root()));
  }
}

}  // namespace

std::string ContentType(json::Value head) {
  const json::Value headers = head["headers"];
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (absl::EqualsIgnoreCase(headers.at(i).at(0).text(), "content-type")) {
      return std::string(headers.at(i).at(1).text());
    }
  }
  return "";
}

void PrintTranscript(std::ostream& out, json::Value session, json::Value events) {
  const json::Document request = Payload(FindEvent(events, domain::event_type::kRequest));
  const json::Document forward = Payload(FindEvent(events, domain::event_type::kForward));
  const json::Document head = Payload(FindEvent(events, domain::event_type::kResponseHead));
  PrintHead(out, session, request.root());
  PrintPrompt(out, request.root(), forward.root());
  PrintAnswer(out, request.root(), head.root(), events);
  PrintStages(out, events);
}

void PrintEvents(std::ostream& out, json::Value events) {
  output::Table table{"#", "AT MS", "EVENT", "WHAT"};
  for (std::size_t i = 0; i < events.size(); ++i) {
    const json::Value event = events.at(i);
    std::string what(event["payload"].text());
    if (event["type"].text() == domain::event_type::kResponseData) {
      const auto delivered = domain::ReadResponseDataPayload(what);
      if (delivered.ok()) what = *delivered;
    }
    table.Add(
        {Cell(event["index"]), Cell(event["offsetMs"]), std::string(event["type"].text()), what});
  }
  table.Print(out);
}

}  // namespace countersign::cli::sessions
