#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/domain/session.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/output/progress.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"
#include "services/session_recorder/exports/verifier.h"

namespace countersign::cli::verbs {
namespace {

using session_recorder::exports::KeptCheckpoint;
using session_recorder::exports::SessionVerdict;
using session_recorder::exports::VerifyReport;
using session_recorder::exports::VotesProof;

// The key itself, or the name of a file that contains it.
absl::StatusOr<std::optional<std::string>> PublicKey(std::string text) {
  if (text.empty()) return std::nullopt;
  const absl::StatusOr<std::string> file = ReadFile(text);
  if (file.ok()) text = *file;
  while (absl::EndsWith(text, "\n") || absl::EndsWith(text, "\r")) text.pop_back();
  const absl::StatusOr<std::string> key = Base64UrlDecode(text);
  if (!key.ok() || key->size() != 32) {
    return command_line::Misuse(
        "--public-key must be an Ed25519 key, 32 bytes as base64url, or a file that holds one");
  }
  return *key;
}

// The value of --since: NUMBER:HASH, or a file with a checkpoint.
absl::StatusOr<std::optional<KeptCheckpoint>> Since(std::string text) {
  if (text.empty()) return std::nullopt;
  const absl::StatusOr<std::string> file = ReadFile(text);
  if (file.ok()) text = *file;
  const absl::StatusOr<KeptCheckpoint> kept = session_recorder::exports::ReadKeptCheckpoint(text);
  if (!kept.ok()) {
    return command_line::Misuse(
        "--since must be NUMBER:HASH, as verify prints it, or a file with a published checkpoint");
  }
  return *kept;
}

std::string Word(const SessionVerdict& session) {
  if (!session.intact) return "TAMPERED";
  return session.outcome == domain::Outcome::kRunning ? "intact, running" : "intact";
}

absl::string_view Word(VotesProof votes) {
  switch (votes) {
    case VotesProof::kProven: return "proven";
    case VotesProof::kNotInFile: return "not in the file";
    case VotesProof::kNone: break;
  }
  return "";
}

void PrintVotes(std::ostream& out, const VerifyReport& report) {
  std::size_t proven = 0, unproven = 0;
  for (const SessionVerdict& session : report.sessions) {
    proven += session.votes == VotesProof::kProven ? 1 : 0;
    unproven += session.votes == VotesProof::kNotInFile ? 1 : 0;
  }
  if (proven > 0) out << "votes of " << proven << " forwarded reviews proven by approval's log\n";
  if (unproven > 0) {
    out << "votes of " << unproven << " forwarded reviews not proven: approval's log of them is "
        << "not in the file\n";
  }
}

std::string ReportJson(const VerifyReport& report) {
  json::Writer writer;
  writer.BeginObject().Key("intact").Bool(report.intact).Key("pinned").Bool(report.pinned);
  writer.Key("publicKey").String(report.public_key).Key("items").BeginArray();
  for (const SessionVerdict& session : report.sessions) {
    writer.BeginObject().Key("id").String(session.id).Key("verdict").String(Word(session));
    writer.Key("outcome").String(domain::ToString(session.outcome));
    writer.Key("events").Int(session.events);
    writer.Key("votes").String(Word(session.votes));
    writer.Key("problem").String(session.problem).EndObject();
  }
  writer.EndArray().Key("problems").BeginArray();
  for (const std::string& problem : report.problems) writer.String(problem);
  writer.EndArray().Key("checkpoints").Int(static_cast<std::int64_t>(report.checkpoints));
  writer.Key("checkpoint").String(report.newest ? ToText(*report.newest) : "");
  writer.Key("since").Bool(report.has_since);
  return writer.EndObject().str();
}

void PrintReport(std::ostream& out, const VerifyReport& report) {
  output::Table table{"SESSION", "VERDICT", "OUTCOME", "EVENTS", "PROBLEM"};
  for (const SessionVerdict& session : report.sessions) {
    table.Add({session.id, Word(session), std::string(domain::ToString(session.outcome)),
               absl::StrCat(session.events),
               session.problem.empty()
                   ? ""
                   : absl::StrCat("line ", session.line, ": ", session.problem)});
  }
  table.Print(out);
  for (const std::string& problem : report.problems) out << output::Printable(problem) << "\n";
  out << report.sessions.size() << " sessions, " << report.checkpoints << " checkpoints, key "
      << report.public_key << (report.pinned ? " (pinned)" : " (the file's own: not pinned)")
      << "\n";
  PrintVotes(out, report);
  if (report.intact && report.newest) {
    out << "newest checkpoint " << ToText(*report.newest)
        << (report.has_since ? ", going on from the one that was kept\n"
                             : " (keep it for `verify --since` of a later export)\n");
  }
}

// Shows how much of a file has been read.
class WatchedFile final : public std::filebuf {
 public:
  WatchedFile(const std::string& path, output::Progress& progress) : progress_(progress) {
    open(path, std::ios::in | std::ios::binary);
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (!error) size_ = size;  // a pipe has none
  }

 protected:
  std::streamsize xsgetn(char* to, std::streamsize size) override {
    const std::streamsize got = std::filebuf::xsgetn(to, size);
    read_ += static_cast<std::uintmax_t>(got);
    if (progress_.watched()) progress_.Show(Text());
    return got;
  }

 private:
  std::string Text() const {
    if (size_ == 0) return absl::StrCat("verifying: ", output::FormatSize(read_));
    const std::uintmax_t percent = std::min<std::uintmax_t>(100, read_ * 100 / size_);
    return absl::StrCat("verifying: ", percent, " % of ", output::FormatSize(size_));
  }

  output::Progress& progress_;
  std::uintmax_t size_ = 0;
  std::uintmax_t read_ = 0;
};

absl::Status Verify(const Invocation& invocation, const std::string& path,
                    const std::string& key_text, const std::string& since_text) {
  CS_ASSIGN_OR_RETURN(const std::optional<std::string> key, PublicKey(key_text));
  CS_ASSIGN_OR_RETURN(const std::optional<KeptCheckpoint> since, Since(since_text));
  if (std::filesystem::is_directory(path)) {
    return command_line::Misuse(
        absl::StrCat(path, " is a directory; name the file that `sessions export` wrote"));
  }
  output::Progress progress(invocation.err);
  WatchedFile buffer(path, progress);
  if (!buffer.is_open()) return ReadFile(path).status();
  std::istream file(&buffer);
  const VerifyReport report = session_recorder::exports::Verify(file, key, since);
  progress.Show("");
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(ReportJson(report)));
  PrintObject(invocation, document.root(), [&] { PrintReport(invocation.out, report); });
  if (report.intact) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " is not what the recorder wrote"));
}

}  // namespace

void AddVerifyVerb(CLI::App& app, Invocation& invocation) {
  auto file = std::make_shared<std::string>();
  auto key = std::make_shared<std::string>();
  auto since = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("verify", "Prove an export, without a gateway");
  verb->add_option("file", *file, "What `sessions export` wrote")->required();
  verb->add_option("--public-key", *key, "The recorder's key, or a file that holds it");
  verb->add_option(
      "--since", *since,
      "A checkpoint that was kept, NUMBER:HASH or a file: the record must go on from it");
  verb->callback([&invocation, file, key, since] {
    invocation.action = [&invocation, file, key, since] {
      return Verify(invocation, *file, *key, *since);
    };
  });
}

}  // namespace countersign::cli::verbs
