#include "services/session_recorder/exports/export_format.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::session_recorder::exports {
namespace {

using json::Value;
using json::Writer;

constexpr absl::string_view kFormat = "countersign.export/v1";
constexpr json::Limits kLimits{.max_bytes = 256u << 20, .max_depth = 6};

std::int64_t Int(std::uint64_t number) { return static_cast<std::int64_t>(number); }

void Hexes(Writer& out, absl::string_view name, const std::vector<std::string>& items) {
  out.Key(name).BeginArray();
  for (const std::string& item : items) out.String(HexEncode(item));
  out.EndArray();
}

// Reads members one after the other; keeps the first error.
class Members {
 public:
  explicit Members(Value object) : object_(object) {}

  std::string Text(absl::string_view name) {
    const Value value = object_[name];
    if (!value.is(json::Type::kString)) Fail(name);
    return std::string(value.text());
  }
  std::string Hex(absl::string_view name, std::size_t size) {
    return Decoded(name, HexDecode(Text(name)), size);
  }
  std::string Base64(absl::string_view name, std::size_t size) {
    return Decoded(name, Base64UrlDecode(Text(name)), size);
  }
  std::uint64_t Number(absl::string_view name, std::uint64_t max) {
    const auto number = object_[name].integer();
    if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > max) {
      Fail(name);
      return 0;
    }
    return static_cast<std::uint64_t>(*number);
  }
  std::uint32_t Count(absl::string_view name) {
    return static_cast<std::uint32_t>(Number(name, UINT32_MAX));
  }
  bool Bool(absl::string_view name) {
    const auto value = object_[name].boolean();
    if (!value) Fail(name);
    return value.value_or(false);
  }
  absl::Time Time(absl::string_view name) {
    absl::Time time;
    const std::string text = Text(name);
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) Fail(name);
    return time;
  }
  Value Get(absl::string_view name, json::Type type) {
    if (!object_[name].is(type)) Fail(name);
    return object_[name];
  }
  void Fail(absl::string_view name) {
    if (status_.ok())
      status_ = absl::InvalidArgumentError(absl::StrCat("malformed \"", name, "\""));
  }
  const absl::Status& status() const { return status_; }

  static constexpr std::size_t kAnySize = ~std::size_t{0};

 private:
  std::string Decoded(absl::string_view name, absl::StatusOr<std::string> bytes, std::size_t size) {
    if (!bytes.ok() || (size != kAnySize && bytes->size() != size)) {
      Fail(name);
      return std::string(size == kAnySize ? 0 : size, '\0');
    }
    return *std::move(bytes);
  }
  Value object_;
  absl::Status status_;
};

std::vector<std::string> Decode(Members& members, absl::string_view name, bool hex) {
  std::vector<std::string> out;
  const Value items = members.Get(name, json::Type::kArray);
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto bytes = hex ? HexDecode(items.at(i).text()) : Base64UrlDecode(items.at(i).text());
    if (!bytes.ok() || bytes->size() != 32) {
      members.Fail(name);
      break;
    }
    out.push_back(*std::move(bytes));
  }
  return out;
}

void WriteSummary(Writer& out, const SessionSummary& summary) {
  out.Key("request_id").String(summary.request_id);
  out.Key("identity").String(summary.identity);
  out.Key("issuer").String(summary.issuer);
  out.Key("subject").String(summary.subject);
  out.Key("connection").String(summary.connection);
  out.Key("model").String(summary.model);
  out.Key("operation").String(summary.operation);
  out.Key("stream").Bool(summary.stream);
  out.Key("policy").String(summary.policy);
  out.Key("review_id").String(summary.review_id);
  out.Key("approvers").BeginArray();
  for (const std::string& approver : summary.approvers) out.String(approver);
  out.EndArray();
  out.Key("outcome").String(domain::ToString(summary.end.outcome));
  out.Key("code").String(summary.end.code);
  out.Key("input_tokens").Int(summary.end.input_tokens);
  out.Key("output_tokens").Int(summary.end.output_tokens);
  out.Key("masked").BeginObject();
  for (const auto& [entity, count] : summary.end.masked) out.Key(entity).Int(count);
  out.EndObject();
}

SessionSummary ReadSummary(Members& members) {
  SessionSummary summary;
  summary.request_id = members.Text("request_id");
  summary.identity = members.Text("identity");
  summary.issuer = members.Text("issuer");
  summary.subject = members.Text("subject");
  summary.connection = members.Text("connection");
  summary.model = members.Text("model");
  summary.operation = members.Text("operation");
  summary.stream = members.Bool("stream");
  summary.policy = members.Text("policy");
  summary.review_id = members.Text("review_id");
  const Value approvers = members.Get("approvers", json::Type::kArray);
  for (std::size_t i = 0; i < approvers.size(); ++i) {
    summary.approvers.emplace_back(approvers.at(i).text());
  }
  summary.end.outcome = domain::OutcomeFromString(members.Text("outcome"));
  summary.end.code = members.Text("code");
  summary.end.input_tokens = members.Count("input_tokens");
  summary.end.output_tokens = members.Count("output_tokens");
  const Value masked = members.Get("masked", json::Type::kObject);
  for (std::size_t i = 0; i < masked.size(); ++i) {
    summary.end.masked.emplace(std::string(masked.key(i)),
                               static_cast<std::uint32_t>(masked.at(i).integer().value_or(0)));
  }
  return summary;
}

chain::SessionHead ReadHead(const Value& value, absl::Status& status) {
  Members members(value);
  chain::SessionHead head;
  head.position = members.Number("position", INT64_MAX);
  head.session_id = members.Text("session");
  head.head.index = members.Count("index");
  head.head.hash = members.Hex("hash", 32);
  head.ended = members.Bool("ended");
  status.Update(members.status());
  return head;
}

}  // namespace

std::string ExportTime(absl::Time time) {
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  const std::int64_t nanos =
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(absl::ToUnixSeconds(time)));
  using absl::Dec;
  return absl::StrCat(Dec(civil.year(), absl::kZeroPad4), "-", Dec(civil.month(), absl::kZeroPad2),
                      "-", Dec(civil.day(), absl::kZeroPad2)) +
         absl::StrCat("T", Dec(civil.hour(), absl::kZeroPad2), ":",
                      Dec(civil.minute(), absl::kZeroPad2), ":") +
         absl::StrCat(Dec(civil.second(), absl::kZeroPad2), ".", Dec(nanos, absl::kZeroPad9), "Z");
}

std::string EndBytes(const ExportEnd& end) {
  return LengthPrefixed().Add("countersign export").Add(end.lines).Add(end.sha256).bytes();
}

std::string HeaderLine(const ExportHeader& header) {
  Writer out;
  out.BeginObject().Key("type").String("header").Key("format").String(kFormat);
  out.Key("exported_at").String(ExportTime(header.exported_at));
  out.Key("scope").String(header.complete ? "all" : "named");
  if (header.has_log) out.Key("reviews").Bool(true);
  out.Key("public_key").String(Base64UrlEncode(header.public_key));
  out.Key("trusted_keys").BeginArray();
  for (const std::string& key : header.trusted_keys) out.String(Base64UrlEncode(key));
  return out.EndArray().EndObject().str();
}

std::string SessionLine(const ExportedSession& session) {
  const SessionRow& row = session.row;
  Writer out;
  out.BeginObject().Key("type").String("session").Key("id").String(row.id);
  out.Key("position").Int(Int(row.position));
  WriteSummary(out, row.summary);
  out.Key("started_at").String(ExportTime(row.started_at));
  out.Key("ended_at").String(row.summary.running() ? "" : ExportTime(row.ended_at));
  out.Key("events").Int(row.head.index).Key("head").String(HexEncode(row.head.hash));
  out.Key("data_key").String(Base64UrlEncode(session.data_key));
  Hexes(out, "path", session.path);
  return out.EndObject().str();
}

std::string EventLine(const std::string& session_id, const SealedEvent& event) {
  Writer out;
  out.BeginObject().Key("type").String("event").Key("session").String(session_id);
  out.Key("index").Int(event.index).Key("event").String(event.type);
  out.Key("at").String(ExportTime(event.at));
  out.Key("payload").String(Base64UrlEncode(event.sealed));
  out.Key("hash").String(HexEncode(event.hash));
  return out.EndObject().str();
}

std::string CheckpointLine(const chain::Checkpoint& checkpoint) {
  Writer out;
  out.BeginObject().Key("type").String("checkpoint").Key("number").Int(Int(checkpoint.number));
  out.Key("at").String(ExportTime(checkpoint.at)).Key("size").Int(Int(checkpoint.size));
  out.Key("root").String(HexEncode(checkpoint.root));
  if (checkpoint.reviews) {
    out.Key("reviews").BeginObject();
    out.Key("sequence").Int(Int(checkpoint.reviews->sequence));
    out.Key("hash").String(HexEncode(checkpoint.reviews->hash)).EndObject();
  }
  out.Key("previous").String(HexEncode(checkpoint.previous));
  out.Key("public_key").String(Base64UrlEncode(checkpoint.public_key));
  out.Key("signature").String(Base64UrlEncode(checkpoint.signature));
  out.Key("heads").BeginArray();
  for (const chain::SessionHead& head : checkpoint.heads) {
    out.BeginObject().Key("position").Int(Int(head.position));
    out.Key("session").String(head.session_id).Key("index").Int(head.head.index);
    out.Key("hash").String(HexEncode(head.head.hash)).Key("ended").Bool(head.ended).EndObject();
  }
  return out.EndArray().EndObject().str();
}

std::string LogLine(const domain::ReviewLogHead& start) {
  Writer out;
  out.BeginObject().Key("type").String("log").Key("after").Int(Int(start.sequence));
  return out.Key("hash").String(HexEncode(start.hash)).EndObject().str();
}

std::string ReviewLine(const domain::ReviewLogLine& line) {
  Writer out;
  out.BeginObject().Key("type").String("review").Key("sequence").Int(Int(line.sequence));
  return out.Key("body").String(Base64UrlEncode(line.body)).EndObject().str();
}

std::string EndLine(const ExportEnd& end) {
  Writer out;
  out.BeginObject().Key("type").String("end").Key("lines").Int(Int(end.lines));
  out.Key("sha256").String(HexEncode(end.sha256));
  out.Key("signature").String(Base64UrlEncode(end.signature));
  return out.EndObject().str();
}

std::string LineType(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, R"({"type":")")) return "";
  for (const absl::string_view type :
       {"event", "session", "header", "log", "review", "checkpoint", "end"}) {
    if (absl::StartsWith(line, type) && absl::StartsWith(line.substr(type.size()), "\",")) {
      return std::string(type);
    }
  }
  return "";
}

absl::StatusOr<ExportHeader> ParseHeader(absl::string_view line) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(line, kLimits));
  Members members(document.root());
  ExportHeader header;
  if (members.Text("format") != kFormat) members.Fail("format");
  header.exported_at = members.Time("exported_at");
  header.complete = members.Text("scope") == "all";
  header.has_log = document.root()["reviews"].exists() && members.Bool("reviews");
  header.public_key = members.Base64("public_key", 32);
  header.trusted_keys = Decode(members, "trusted_keys", /*hex=*/false);
  CS_RETURN_IF_ERROR(members.status());
  return header;
}

absl::StatusOr<ExportedSession> ParseSession(absl::string_view line) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(line, kLimits));
  Members members(document.root());
  ExportedSession session;
  SessionRow& row = session.row;
  row.id = members.Text("id");
  if (!IsSessionId(row.id)) members.Fail("id");
  row.position = members.Number("position", INT64_MAX);
  row.summary = ReadSummary(members);
  row.started_at = members.Time("started_at");
  if (!row.summary.running()) row.ended_at = members.Time("ended_at");
  row.head = {members.Count("events"), members.Hex("head", 32)};
  session.data_key = members.Base64("data_key", Members::kAnySize);
  session.path = Decode(members, "path", /*hex=*/true);
  CS_RETURN_IF_ERROR(members.status());
  return session;
}

absl::StatusOr<ExportedEvent> ParseEvent(absl::string_view line) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(line, kLimits));
  Members members(document.root());
  ExportedEvent event;
  event.session_id = members.Text("session");
  event.event.index = members.Count("index");
  event.event.type = members.Text("event");
  event.event.at = members.Time("at");
  event.event.sealed = members.Base64("payload", Members::kAnySize);
  event.event.hash = members.Hex("hash", 32);
  CS_RETURN_IF_ERROR(members.status());
  return event;
}

namespace {

// Takes known text and plain values off the front of a line.
class Scanner {
 public:
  explicit Scanner(absl::string_view line) : rest_(line) {}

  Scanner& Skip(absl::string_view text) {
    ok_ = absl::ConsumePrefix(&rest_, text) && ok_;
    return *this;
  }
  // What stands before the next quote.
  absl::string_view ToQuote() {
    const std::size_t end = rest_.find('"');
    if (end == absl::string_view::npos) {
      ok_ = false;
      return "";
    }
    const absl::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return text;
  }
  // The same; nothing in it may need an escape.
  absl::string_view Plain() {
    const absl::string_view text = ToQuote();
    for (const char c : text) ok_ = ok_ && static_cast<unsigned char>(c) >= 0x20 && c != '\\';
    return text;
  }
  // `count` digits; with 0, a number as it is written without leading zeros.
  std::uint64_t Digits(std::size_t count) {
    std::size_t end = 0;
    std::uint64_t number = 0;
    while (end < rest_.size() && end < (count == 0 ? 10 : count) &&
           absl::ascii_isdigit(static_cast<unsigned char>(rest_[end]))) {
      number = number * 10 + static_cast<std::uint64_t>(rest_[end++] - '0');
    }
    const bool is_whole = count == 0 ? end > 0 && (rest_[0] != '0' || end == 1) : end == count;
    ok_ = ok_ && is_whole;
    rest_.remove_prefix(end);
    return number;
  }
  // As ExportTime writes it.
  absl::Time Time() {
    const auto number = [&](std::size_t count) { return static_cast<int>(Digits(count)); };
    const int year = number(4);
    const int month = Skip("-").ok() ? number(2) : 0;
    const int day = Skip("-").ok() ? number(2) : 0;
    const int hour = Skip("T").ok() ? number(2) : 0;
    const int minute = Skip(":").ok() ? number(2) : 0;
    const int second = Skip(":").ok() ? number(2) : 0;
    const std::uint64_t nanos = Skip(".").ok() ? Digits(9) : 0;
    Skip("Z");
    const absl::CivilSecond civil(year, month, day, hour, minute, second);
    // A civil time is put right where it is none: then it is another.
    ok_ = ok_ && civil.month() == month && civil.day() == day && civil.hour() == hour &&
          civil.minute() == minute && civil.second() == second;
    return absl::FromUnixSeconds(civil - absl::CivilSecond(1970, 1, 1)) +
           absl::Nanoseconds(static_cast<std::int64_t>(nanos));
  }
  void Check(bool holds) { ok_ = ok_ && holds; }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<ExportedEvent> ScanCanonicalEvent(absl::string_view line) {
  Scanner scanner(line);
  ExportedEvent found;
  found.session_id = std::string(scanner.Skip(R"({"type":"event","session":")").Plain());
  const std::uint64_t index = scanner.Skip(R"(","index":)").Digits(0);
  scanner.Check(index <= UINT32_MAX);
  found.event.index = static_cast<std::uint32_t>(index);
  found.event.type = std::string(scanner.Skip(R"(,"event":")").Plain());
  found.event.at = scanner.Skip(R"(","at":")").Time();
  auto sealed = Base64UrlDecode(scanner.Skip(R"(","payload":")").ToQuote());
  auto hash = HexDecode(scanner.Skip(R"(","hash":")").ToQuote());
  scanner.Skip(R"("})");
  if (!scanner.ok() || !scanner.at_end() || !sealed.ok() || !hash.ok() || hash->size() != 32 ||
      !IsUtf8(found.session_id) || !IsUtf8(found.event.type)) {
    return std::nullopt;
  }
  found.event.sealed = *std::move(sealed);
  found.event.hash = *std::move(hash);
  return found;
}

absl::StatusOr<domain::ReviewLogHead> ParseLog(absl::string_view line) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(line, kLimits));
  Members members(document.root());
  domain::ReviewLogHead start;
  start.sequence = members.Number("after", INT64_MAX);
  start.hash = members.Hex("hash", 32);
  CS_RETURN_IF_ERROR(members.status());
  return start;
}

absl::StatusOr<domain::ReviewLogLine> ParseReview(absl::string_view line) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(line, kLimits));
  Members members(document.root());
  domain::ReviewLogLine read;
  read.sequence = members.Number("sequence", INT64_MAX);
  read.body = members.Base64("body", Members::kAnySize);
  CS_RETURN_IF_ERROR(members.status());
  return read;
}

absl::StatusOr<chain::Checkpoint> ParseCheckpoint(absl::string_view line) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(line, kLimits));
  Members members(document.root());
  chain::Checkpoint checkpoint;
  checkpoint.number = members.Number("number", INT64_MAX);
  checkpoint.at = members.Time("at");
  checkpoint.size = members.Number("size", INT64_MAX);
  checkpoint.root = members.Hex("root", 32);
  checkpoint.previous = members.Hex("previous", 32);
  checkpoint.public_key = members.Base64("public_key", 32);
  checkpoint.signature = members.Base64("signature", 64);
  absl::Status status = members.status();
  if (document.root()["reviews"].exists()) {
    Members reviews(members.Get("reviews", json::Type::kObject));
    checkpoint.reviews.emplace();
    checkpoint.reviews->sequence = reviews.Number("sequence", INT64_MAX);
    checkpoint.reviews->hash = reviews.Hex("hash", 32);
    status.Update(reviews.status());
  }
  const Value heads = members.Get("heads", json::Type::kArray);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    checkpoint.heads.push_back(ReadHead(heads.at(i), status));
  }
  CS_RETURN_IF_ERROR(status);
  CS_RETURN_IF_ERROR(members.status());
  return checkpoint;
}

absl::StatusOr<ExportEnd> ParseEnd(absl::string_view line) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(line, kLimits));
  Members members(document.root());
  ExportEnd end;
  end.lines = members.Number("lines", INT64_MAX);
  end.sha256 = members.Hex("sha256", 32);
  end.signature = members.Base64("signature", 64);
  CS_RETURN_IF_ERROR(members.status());
  return end;
}

}  // namespace countersign::session_recorder::exports
