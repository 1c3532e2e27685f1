#include "libs/domain/event_payload.h"

#include "absl/strings/str_cat.h"
#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::domain {
namespace {

using json::Type;
using json::Writer;

// Text for people; text that is not UTF-8 is written as base64url.
std::string Readable(absl::string_view text) {
  return IsUtf8(text) ? std::string(text) : absl::StrCat("base64url:", Base64UrlEncode(text));
}

void WriteReadable(Writer& out, absl::string_view text) {
  IsUtf8(text) ? out.String(text) : out.String(Readable(text));
}

void Text(Writer& out, absl::string_view name, absl::string_view text) {
  out.Key(name);
  WriteReadable(out, text);
}

void Bytes(Writer& out, absl::string_view name, absl::string_view bytes) {
  if (IsUtf8(bytes)) {
    out.Key(name).String(bytes);
  } else {
    out.Key(absl::StrCat(name, "_base64")).String(Base64UrlEncode(bytes));
  }
}

void Strings(Writer& out, absl::string_view name, const std::vector<std::string>& items) {
  out.Key(name).BeginArray();
  for (const std::string& item : items) WriteReadable(out, item);
  out.EndArray();
}

void Int(Writer& out, absl::string_view name, std::uint64_t number) {
  out.Key(name).Int(static_cast<std::int64_t>(number));
}

void WritePrincipal(Writer& out, const Principal& principal) {
  out.Key("principal").BeginObject();
  Text(out, "issuer", principal.issuer);
  Text(out, "subject", principal.subject);
  Text(out, "identity", principal.identity);
  Text(out, "kind", ToString(principal.kind));
  Strings(out, "groups", principal.groups);
  Text(out, "owner", principal.owner);
  out.EndObject();
}

void WritePrompt(Writer& out, const Prompt& prompt) {
  Text(out, "operation", prompt.operation);
  Text(out, "model", prompt.model);
  out.Key("stream").Bool(prompt.stream);
  Strings(out, "tools", prompt.tools);
  out.Key("parts").BeginArray();
  for (const TextPart& part : prompt.parts) {
    out.BeginObject();
    Text(out, "role", part.role);
    Text(out, "pointer", part.pointer);
    Text(out, "text", part.text);
    out.EndObject();
  }
  out.EndArray();
}

void Spans(Writer& out, const std::vector<DeliveredSpan>& masked) {
  out.Key("masked").BeginArray();
  for (const DeliveredSpan& item : masked) {
    out.BeginObject();
    Text(out, "field", item.field);
    Int(out, "begin", item.span.begin);
    Int(out, "end", item.span.end);
    Text(out, "entity", item.span.entity);
    Text(out, "original", item.span.original);
    out.EndObject();
  }
  out.EndArray();
}

void AddUnanalyzed(Writer& out, const Unanalyzed& unanalyzed) {
  if (unanalyzed.empty()) return;
  out.Key("unanalyzed").BeginArray();
  for (const std::string& name : unanalyzed) out.String(Readable(name));
  out.EndArray();
}

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed payload of ", what));
}

// Payloads can be as large as the answers in them, and are at most this deep.
constexpr json::Limits kLimits{.max_bytes = 256u << 20, .max_depth = 8};

std::uint32_t Count(const json::Value& value) {
  const auto number = value.integer();
  return number && *number >= 0 && *number <= UINT32_MAX ? static_cast<std::uint32_t>(*number) : 0;
}

}  // namespace

std::string RequestPayload(const SessionStart& start, const Principal& principal) {
  Writer out(2 * start.body.size() + 512);  // the body, and a copy of its texts
  out.BeginObject();
  Text(out, "request_id", start.request_id);
  Text(out, "connection", start.connection);
  WritePrincipal(out, principal);
  Text(out, "method", start.method);
  Text(out, "path", start.path);
  Text(out, "client_address", start.client_address);
  Text(out, "user_agent", start.user_agent);
  static const Prompt kNone;
  WritePrompt(out, start.prompt == nullptr ? kNone : *start.prompt);
  Bytes(out, "body", start.body);
  return out.EndObject().TakeString();
}

std::string DecisionPayload(const Decision& decision) {
  Writer out;
  out.BeginObject();
  Text(out, "verdict", ToString(decision.verdict));
  Text(out, "policy", decision.policy);
  Int(out, "policy_version", decision.policy_version);
  Text(out, "message", decision.message);
  out.Key("findings").BeginArray();
  for (const Finding& finding : decision.findings) {
    out.BeginObject();
    Text(out, "policy", finding.policy);
    Text(out, "condition", finding.condition);
    Text(out, "rule", finding.rule);
    Int(out, "part", finding.part);
    Int(out, "begin", finding.begin);
    Int(out, "end", finding.end);
    out.EndObject();
  }
  out.EndArray();
  Int(out, "tokens", decision.prompt_tokens);
  Text(out, "masking", decision.masking_profile);
  Text(out, "recording", ToString(decision.recording));
  return out.EndObject().TakeString();
}

std::string ReviewWaitingPayload(absl::string_view review_id, absl::string_view binding_hash,
                                 absl::Time expires_at) {
  Writer out;
  out.BeginObject();
  Text(out, "review_id", review_id);
  Text(out, "binding_hash", binding_hash);
  Text(out, "expires_at", FormatRfc3339(expires_at));
  return out.EndObject().TakeString();
}

absl::string_view ReviewEndType(ReviewState state) {
  switch (state) {
    case ReviewState::kApproved:
    case ReviewState::kConsumed:
    case ReviewState::kExhausted: return event_type::kReviewApproved;
    case ReviewState::kDenied: return event_type::kReviewDenied;
    case ReviewState::kExpired: return event_type::kReviewExpired;
    case ReviewState::kRevoked: return event_type::kReviewRevoked;
    default: return "";
  }
}

namespace {

void WriteVotes(Writer& out, const std::vector<ReviewVote>& votes) {
  out.Key("votes").BeginArray();
  for (const ReviewVote& vote : votes) {
    out.BeginObject();
    Text(out, "reviewer", vote.reviewer);
    Text(out, "decision", vote.approves ? "APPROVE" : "DENY");
    Text(out, "reason", vote.reason);
    Text(out, "at", FormatRfc3339(vote.at));
    out.EndObject();
  }
  out.EndArray();
}

}  // namespace

std::string ReviewEndPayload(const ReviewStatus& status) {
  const absl::string_view type = ReviewEndType(status.state);
  Writer out;
  out.BeginObject();
  Text(out, "review_id", status.review_id);
  absl::Time at = status.votes.empty() ? absl::InfinitePast() : status.votes.back().at;
  if (type == event_type::kReviewApproved) {
    std::vector<std::string> approvers;
    for (const ReviewVote& vote : status.votes) {
      if (vote.approves) approvers.push_back(vote.reviewer);
    }
    Strings(out, "approvers", approvers);
  } else if (type == event_type::kReviewDenied) {
    const bool denied = !status.votes.empty() && !status.votes.back().approves;
    Text(out, "reviewer", denied ? status.votes.back().reviewer : "");
    Text(out, "reason", status.reason);
  } else if (type == event_type::kReviewRevoked) {
    Text(out, "reviewer", status.revoked_by);
    Text(out, "reason", status.reason);
    at = status.revoked_at;
  } else {
    at = status.expires_at;
  }
  Text(out, "at", at == absl::InfinitePast() ? "" : FormatRfc3339(at));
  WriteVotes(out, status.votes);
  return out.EndObject().TakeString();
}

std::string ReviewConsumedPayload(const Grant& grant) {
  Writer out;
  out.BeginObject();
  Text(out, "review_id", grant.review_id);
  Strings(out, "approvers", grant.approvers);
  return out.EndObject().TakeString();
}

std::string ForwardPayload(absl::string_view binding_hash, std::size_t bytes,
                           const std::vector<DeliveredSpan>& masked, const Unanalyzed& unanalyzed) {
  Writer out;
  out.BeginObject();
  Text(out, "binding_hash", binding_hash);
  Int(out, "bytes", bytes);
  Spans(out, masked);
  AddUnanalyzed(out, unanalyzed);
  return out.EndObject().TakeString();
}

std::string ResponseHeadPayload(int status,
                                const std::vector<std::pair<std::string, std::string>>& headers) {
  Writer out;
  out.BeginObject().Key("status").Int(status).Key("headers").BeginArray();
  for (const auto& [name, value] : headers) {
    out.BeginArray().String(Readable(name)).String(Readable(value)).EndArray();
  }
  return out.EndArray().EndObject().TakeString();
}

std::string ResponseDataPayload(absl::string_view delivered,
                                const std::vector<DeliveredSpan>& masked,
                                const Unanalyzed& unanalyzed) {
  Writer out(delivered.size() + delivered.size() / 8 + 64);  // quotes of an event are escaped
  out.BeginObject();
  Bytes(out, "text", delivered);
  Spans(out, masked);
  AddUnanalyzed(out, unanalyzed);
  return out.EndObject().TakeString();
}

std::string EndPayload(const SessionEnd& end) {
  Writer out;
  out.BeginObject();
  Text(out, "outcome", ToString(end.outcome));
  Text(out, "code", end.code);
  out.Key("tokens").BeginObject();
  Int(out, "input", end.input_tokens);
  Int(out, "output", end.output_tokens);
  out.EndObject();
  out.Key("masked").BeginObject();
  for (const auto& [entity, count] : end.masked) Int(out, Readable(entity), count);
  return out.EndObject().EndObject().TakeString();
}

RequestRecord MakeRequestRecord(const SessionStart& start, const Principal& principal) {
  RequestRecord record;
  record.request_id = Readable(start.request_id);
  record.principal.issuer = Readable(principal.issuer);
  record.principal.subject = Readable(principal.subject);
  record.principal.identity = Readable(principal.identity);
  record.connection = Readable(start.connection);
  if (start.prompt == nullptr) return record;
  record.model = Readable(start.prompt->model);
  record.operation = Readable(start.prompt->operation);
  record.stream = start.prompt->stream;
  for (const TextPart& part : start.prompt->parts) record.texts.push_back(Readable(part.text));
  return record;
}

absl::StatusOr<RequestRecord> ReadRequestPayload(absl::string_view payload) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload, kLimits));
  const json::Value root = document.root();
  const json::Value principal = root["principal"];
  if (!root["connection"].is(Type::kString) || !principal.is(Type::kObject) ||
      !root["stream"].boolean().has_value()) {
    return Malformed("request");
  }
  RequestRecord record;
  record.request_id = std::string(root["request_id"].text());
  record.principal.issuer = std::string(principal["issuer"].text());
  record.principal.subject = std::string(principal["subject"].text());
  record.principal.identity = std::string(principal["identity"].text());
  record.connection = std::string(root["connection"].text());
  record.model = std::string(root["model"].text());
  record.operation = std::string(root["operation"].text());
  record.stream = *root["stream"].boolean();
  const json::Value parts = root["parts"];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    record.texts.emplace_back(parts.at(i)["text"].text());
  }
  return record;
}

absl::StatusOr<DecisionRecord> ReadDecisionPayload(absl::string_view payload) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload, kLimits));
  const json::Value root = document.root();
  const auto version = root["policy_version"].integer();
  const absl::string_view recording = root["recording"].text();
  if (!root["policy"].is(Type::kString) || !version || *version < 0 ||
      (recording != "strict" && recording != "ordered")) {
    return Malformed("decision");
  }
  DecisionRecord record;
  const absl::string_view verdict = root["verdict"].text();
  if (verdict == ToString(Verdict::kAllow)) record.verdict = Verdict::kAllow;
  if (verdict == ToString(Verdict::kReview)) record.verdict = Verdict::kReview;
  record.policy = std::string(root["policy"].text());
  record.policy_version = static_cast<std::uint64_t>(*version);
  record.recording = recording == "ordered" ? Recording::kOrdered : Recording::kStrict;
  return record;
}

absl::StatusOr<ReviewRecord> ReadReviewPayload(absl::string_view payload) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload, kLimits));
  const json::Value root = document.root();
  if (!root["review_id"].is(Type::kString)) return Malformed("review");
  ReviewRecord record{std::string(root["review_id"].text()), {}};
  const json::Value approvers = root["approvers"];
  for (std::size_t i = 0; i < approvers.size(); ++i) {
    record.approvers.emplace_back(approvers.at(i).text());
  }
  return record;
}

absl::StatusOr<std::string> ReadForwardPayload(absl::string_view payload) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload, kLimits));
  const json::Value hash = document.root()["binding_hash"];
  if (!hash.is(Type::kString)) return Malformed("forward");
  return std::string(hash.text());
}

absl::StatusOr<SessionEnd> ReadEndPayload(absl::string_view payload) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload, kLimits));
  const json::Value root = document.root();
  SessionEnd end;
  end.outcome = OutcomeFromString(root["outcome"].text());
  if (end.outcome == Outcome::kRunning) return Malformed("end");
  end.code = std::string(root["code"].text());
  end.input_tokens = Count(root["tokens"]["input"]);
  end.output_tokens = Count(root["tokens"]["output"]);
  const json::Value masked = root["masked"];
  for (std::size_t i = 0; i < masked.size(); ++i) {
    end.masked.emplace(std::string(masked.key(i)), Count(masked.at(i)));
  }
  return end;
}

absl::StatusOr<std::string> ReadResponseDataPayload(absl::string_view payload) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload, kLimits));
  const json::Value root = document.root();
  if (root["text"].is(Type::kString)) return std::string(root["text"].text());
  if (root["text_base64"].is(Type::kString)) return Base64UrlDecode(root["text_base64"].text());
  return Malformed("response.data");
}

}  // namespace countersign::domain
