#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/hex_digits.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/crypto/hash.h"
#include "libs/domain/review_gate.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/output/output_file.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

constexpr absl::Duration kWatchInterval = absl::Seconds(1);

struct ShowOptions {
  std::string id;
  int media = -1;      // the number of the media to fetch; -1: none
  std::string output;  // a format, or with `media` a file
};

struct VoteOptions {
  std::string id;
  std::string hash;
  std::string reason;
};

const std::vector<Column>& Columns() {
  static const auto& columns = *new std::vector<Column>{{"ID", "id"},
                                                        {"STATE", "state"},
                                                        {"REQUESTER", "requester"},
                                                        {"CONNECTION", "connection"},
                                                        {"POLICY", "policy"},
                                                        {"WAITING", "waiting"},
                                                        {"EXPIRES", "expiresAt"}};
  return columns;
}

std::vector<std::string> States() {
  std::vector<std::string> names;
  for (int i = 1; i <= static_cast<int>(domain::ReviewState::kRevoked); ++i) {
    names.emplace_back(domain::ToString(static_cast<domain::ReviewState>(i)));
  }
  return names;
}

absl::Status CheckHash(const std::string& text) {
  if (text.size() == 64 && IsHex(text)) return absl::OkStatus();
  return absl::InvalidArgumentError("must be the 64 hexadecimal digits that `reviews show` prints");
}

absl::StatusOr<json::Document> GetReview(GatewayClient& gateway, const std::string& id) {
  json::Writer request;
  request.BeginObject().Key("id").String(id).EndObject();
  return gateway.Call("approval.v1.ReviewService/GetReview", request.str());
}

// Prints every character visibly: one output line per line of the text, other controls escaped.
void PrintText(std::ostream& out, absl::string_view text) {
  while (true) {
    const std::size_t end = text.find('\n');
    out << "  | " << output::Printable(text.substr(0, end)) << "\n";
    if (end == absl::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// Prints the text that made the policy ask for a review, with the policy and rule that found it.
void PrintFindings(std::ostream& out, json::Value review) {
  const json::Value findings = review["findings"];
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const json::Value finding = findings.at(i);
    out << "  " << output::Printable(finding["policy"].text()) << ": "
        << output::Printable(finding["condition"].text()) << " "
        << output::Printable(finding["rule"].text());
    const auto begin = static_cast<std::size_t>(finding["begin"].integer().value_or(0));
    const auto end = static_cast<std::size_t>(finding["end"].integer().value_or(0));
    const auto part = static_cast<std::size_t>(finding["part"].integer().value_or(0));
    const absl::string_view text = review["parts"].at(part)["text"].text();
    if (begin < end && end <= text.size()) {
      out << ": \"" << output::Printable(text.substr(begin, end - begin)) << "\"";
    }
    out << "\n";
  }
}

// Prints everything that will be sent besides the texts.
void PrintRest(std::ostream& out, json::Value review) {
  const json::Value head = review["head"];
  if (head.exists()) {
    out << "\nRequest:\n  " << output::Printable(head["method"].text()) << " "
        << output::Printable(head["target"].text()) << "\n";
  }
  for (std::size_t i = 0; i < head["headers"].size(); ++i) {
    const json::Value header = head["headers"].at(i);
    out << "  " << output::Printable(header["name"].text()) << ": "
        << output::Printable(header["value"].text()) << "\n";
  }
  const json::Value media = review["media"];
  if (media.size() > 0) out << "\nMedia:\n";
  for (std::size_t i = 0; i < media.size(); ++i) {
    const json::Value part = media.at(i);
    out << "  " << i << ": " << output::Printable(part["pointer"].text()) << " "
        << output::Printable(part["type"].text()) << ", " << output::Cell(part["size"])
        << " bytes, SHA-256 " << part["sha256"].text() << "\n";
  }
  const json::Value members = review["members"];
  if (members.size() > 0) out << "\nAlso sent:\n";
  for (std::size_t i = 0; i < members.size(); ++i) {
    const json::Value member = members.at(i);
    out << "  " << output::Printable(member["pointer"].text()) << " = "
        << output::Printable(member["json"].text()) << "\n";
  }
}

void PrintReview(std::ostream& out, json::Value review) {
  const auto line = [&](absl::string_view name, json::Value value) {
    out << name << std::string(name.size() < 14 ? 14 - name.size() : 1, ' ')
        << output::Printable(output::Cell(value)) << "\n";
  };
  line("Review:", review["id"]);
  line("State:", review["state"]);
  line("Requester:", review["requester"]);
  line("Connection:", review["connection"]);
  line("Model:", review["model"]);
  line("Policy:", review["policy"]);
  line("Tokens:", review["promptTokens"]);
  line("Reviewers:", review["reviewers"]);
  line("Approvals:", review["approvalsRequired"]);
  line("Waiting:", review["waiting"]);
  line("Expires:", review["expiresAt"]);
  line("Hash:", review["bindingHash"]);
  if (review["tools"].size() > 0) line("Tools:", review["tools"]);
  if (review["parameters"].size() > 0) line("Parameters:", review["parameters"]);
  if (review["findings"].size() > 0) {
    out << "Why:\n";
    PrintFindings(out, review);
  }
  const json::Value votes = review["votes"];
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const json::Value vote = votes.at(i);
    out << "Vote:         " << output::Printable(vote["reviewer"].text()) << " "
        << output::Printable(vote["decision"].text()) << " "
        << output::Printable(output::Cell(vote["at"]));
    if (!vote["reason"].text().empty())
      out << " \"" << output::Printable(vote["reason"].text()) << "\"";
    out << "\n";
  }
  const json::Value parts = review["parts"];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out << "\n"
        << output::Printable(parts.at(i)["role"].text()) << " ("
        << output::Printable(parts.at(i)["pointer"].text()) << "):\n";
    PrintText(out, parts.at(i)["text"].text());
  }
  PrintRest(out, review);
}

absl::Status List(const Invocation& invocation, const std::string& state, bool all) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject();
  if (!state.empty()) request.Key("state").String(state);
  request.Key("all").Bool(all).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      ListAll(*gateway, "approval.v1.ReviewService/ListReviews", request.str(), 0));
  PrintListing(invocation, answer, Columns());
  return absl::OkStatus();
}

// Writes the media to the file, if they have the digest by which a review lists them.
absl::Status Fetch(const Invocation& invocation, const ShowOptions& options) {
  if (options.output.empty()) {
    return command_line::Misuse("--media needs -o FILE; - stands for standard output");
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject().Key("id").String(options.id).Key("index").Int(options.media).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      gateway->Call("approval.v1.ReviewService/GetReviewMedia", request.str()));
  std::string bytes;
  if (!absl::Base64Unescape(answer.root()["data"].text(), &bytes)) {
    return absl::DataLossError("the gateway's answer is not base64");
  }
  const json::Value media = answer.root()["media"];
  if (HexEncode(crypto::Sha256(bytes)) != media["sha256"].text()) {
    return absl::DataLossError("what the gateway sent does not have the digest that it names");
  }
  if (options.output == "-") {
    invocation.out << bytes;
    return absl::OkStatus();
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<output::OutputFile> file,
                      output::OutputFile::Open(options.output));
  CS_RETURN_IF_ERROR(file->Write(bytes));
  CS_RETURN_IF_ERROR(file->Finish());
  invocation.err << "wrote " << bytes.size() << " bytes ("
                 << output::Printable(media["type"].text()) << ") to " << options.output << "\n";
  return absl::OkStatus();
}

absl::Status Show(Invocation& invocation, const ShowOptions& options) {
  if (options.media >= 0) return Fetch(invocation, options);
  if (!options.output.empty()) {
    const std::string format = absl::AsciiStrToLower(options.output);
    if (format != "table" && format != "json" && format != "yaml") {
      return command_line::Misuse("-o is table, json or yaml; a file only with --media N");
    }
    invocation.format = format;
  }
  const std::string& id = options.id;
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const json::Document review, GetReview(*gateway, id));
  PrintObject(invocation, review.root(), [&] { PrintReview(invocation.out, review.root()); });
  return RememberShown(gateway->url(), id, review.root()["bindingHash"].text());
}

bool Confirmed(const Invocation& invocation, absl::string_view question) {
  if (isatty(STDIN_FILENO) == 0) return true;
  invocation.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

// The hash to approve: the given one, else the one last shown to this user, else that of the review
// that is printed now.
absl::StatusOr<std::string> SeenHash(const Invocation& invocation, GatewayClient& gateway,
                                     const VoteOptions& options) {
  if (!options.hash.empty()) return options.hash;
  std::string shown = ShownHash(gateway.url(), options.id);
  if (!shown.empty()) return shown;
  CS_ASSIGN_OR_RETURN(const json::Document review, GetReview(gateway, options.id));
  PrintReview(invocation.output() == output::Format::kTable ? invocation.out : invocation.err,
              review.root());
  return std::string(review.root()["bindingHash"].text());
}

absl::Status Approve(const Invocation& invocation, const VoteOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::string hash, SeenHash(invocation, *gateway, options));
  if (!Confirmed(invocation, absl::StrCat("Approve ", options.id, "?"))) {
    return absl::CancelledError("not approved");
  }
  json::Writer request;
  request.BeginObject().Key("id").String(options.id).Key("seenHash").String(hash);
  request.Key("reason").String(options.reason).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document review,
                      gateway->Call("approval.v1.ReviewService/ApproveReview", request.str()));
  PrintObject(invocation, review.root(), [&] {
    const json::Value state = review.root()["state"];
    invocation.out << "approved " << options.id << " (" << output::Printable(state.text()) << ")\n";
  });
  return absl::OkStatus();
}

absl::Status Refuse(const Invocation& invocation, const VoteOptions& options,
                    absl::string_view method, absl::string_view done) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject().Key("id").String(options.id).Key("reason").String(options.reason);
  request.EndObject();
  CS_ASSIGN_OR_RETURN(
      const json::Document review,
      gateway->Call(absl::StrCat("approval.v1.ReviewService/", method), request.str()));
  PrintObject(invocation, review.root(), [&] {
    invocation.out << done << " " << options.id << " ("
                   << output::Printable(review.root()["state"].text()) << ")\n";
  });
  return absl::OkStatus();
}

// One line for each step of a review.
class WatchPrinter {
 public:
  explicit WatchPrinter(const Invocation& invocation) : invocation_(invocation) {}

  // What was pending when the watch began.
  void Pending(json::Value review) {
    pending_.emplace(review["id"].text());
    Print(review, "");
  }

  void Step(json::Value step) {
    const json::Value review = step["review"];
    const absl::string_view from = step["from"].text();
    const bool opened = from.empty() || from == "STATE_UNSPECIFIED";
    // It was opened between the two questions with which the watch began.
    if (opened && pending_.count(std::string(review["id"].text())) != 0) return;
    json::Writer more;
    more.BeginObject().Key("from").String(opened ? "" : from);
    more.Key("actor").String(step["actor"].text()).Key("at").String(step["at"].text()).EndObject();
    Print(review, more.str());
  }

 private:
  // `more`: an object of members to add, or "".
  void Print(json::Value review, const std::string& more) {
    std::string json = output::ToJson(review);
    if (!more.empty()) json = absl::StrCat(json.substr(0, json.size() - 1), ",", more.substr(1));
    if (invocation_.output() == output::Format::kJson) {
      invocation_.out << json << "\n";
      return;
    }
    if (invocation_.output() == output::Format::kYaml) {
      const auto document = json::Document::Parse(json);
      invocation_.out << "---\n";
      if (document.ok()) output::PrintYaml(invocation_.out, document->root());
      return;
    }
    std::vector<std::string> cells;
    for (const Column& column : Columns()) cells.push_back(output::Cell(review[column.member]));
    invocation_.out << output::Printable(absl::StrJoin(cells, "  ")) << "\n";
  }

  const Invocation& invocation_;
  std::set<std::string> pending_;
};

// Prints the pending reviews and from then on every step of any review, until the user stops it.
absl::Status Watch(const Invocation& invocation) {
  constexpr absl::string_view kTransitions = "approval.v1.ReviewService/ListTransitions";
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const json::Document start, gateway->Call(kTransitions, "{}"));
  std::string token(start.root()["nextPageToken"].text());
  CS_ASSIGN_OR_RETURN(const json::Document pending,
                      ListAll(*gateway, "approval.v1.ReviewService/ListReviews", "{}", 0));
  WatchPrinter printer(invocation);
  const json::Value items = pending.root()["items"];
  for (std::size_t i = 0; i < items.size(); ++i) printer.Pending(items.at(i));
  for (;;) {
    CS_RETURN_IF_ERROR(output::Flush(invocation.out));
    json::Writer request;
    request.BeginObject().Key("pageToken").String(token).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document answer, gateway->Call(kTransitions, request.str()));
    const json::Value steps = answer.root()["items"];
    for (std::size_t i = 0; i < steps.size(); ++i) printer.Step(steps.at(i));
    token = std::string(answer.root()["nextPageToken"].text());
    if (answer.root()["more"].boolean().value_or(false)) continue;
    CS_RETURN_IF_ERROR(output::Flush(invocation.out));
    absl::SleepFor(kWatchInterval);
  }
}

void AddVote(CLI::App& reviews, Invocation& invocation, const std::string& name,
             const std::string& help, std::function<absl::Status(const VoteOptions&)> run,
             bool with_hash) {
  auto options = std::make_shared<VoteOptions>();
  CLI::App* verb = reviews.add_subcommand(name, help);
  verb->add_option("id", options->id, "The review's id")->required();
  if (with_hash) {
    verb->add_option("--hash", options->hash, "The binding hash of what you have read")
        ->check(command_line::Checked(CheckHash));
  }
  verb->add_option("--reason", options->reason, "Kept with the vote");
  verb->callback([&invocation, options, run] {
    invocation.action = [options, run] { return run(*options); };
  });
}

}  // namespace

void AddReviewVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* reviews = app.add_subcommand("reviews", "Prompts that wait for a person");
  reviews->require_subcommand(1);

  auto state = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  CLI::App* verb = reviews->add_subcommand("list", "List pending reviews");
  verb->add_option("--state", *state,
                   absl::StrCat("One of ", absl::StrJoin(States(), ", "), " (default PENDING)"))
      ->transform(command_line::Choice(States()));
  verb->add_flag("--all", *all, "List reviews in every state");
  verb->callback([&invocation, state, all] {
    invocation.action = [&invocation, state, all] { return List(invocation, *state, *all); };
  });

  auto show = std::make_shared<ShowOptions>();
  verb = reviews->add_subcommand("show", "Show what would be sent, and why it is held");
  verb->add_option("id", show->id, "The review's id")->required();
  verb->add_option("--media", show->media, "Write the media of this number to the file of -o")
      ->check(CLI::Range(0, 1'000'000));
  verb->add_option("-o,--output", show->output,
                   "table, json or yaml; with --media a file, or - for standard output");
  verb->callback([&invocation, show] {
    invocation.action = [&invocation, show] { return Show(invocation, *show); };
  });

  AddVote(
      *reviews, invocation, "approve", "Let exactly this prompt pass",
      [&invocation](const VoteOptions& options) { return Approve(invocation, options); }, true);
  AddVote(
      *reviews, invocation, "deny", "Refuse it",
      [&invocation](const VoteOptions& options) {
        return Refuse(invocation, options, "DenyReview", "denied");
      },
      false);
  AddVote(
      *reviews, invocation, "revoke", "Take an approval back that was not used",
      [&invocation](const VoteOptions& options) {
        return Refuse(invocation, options, "RevokeReview", "revoked");
      },
      false);

  reviews->add_subcommand("watch", "Print what is pending, then every step of every review")
      ->callback(
          [&invocation] { invocation.action = [&invocation] { return Watch(invocation); }; });
}

}  // namespace countersign::cli::verbs
