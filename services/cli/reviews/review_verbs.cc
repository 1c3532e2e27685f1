#include "services/cli/reviews/review_verbs.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <list>
#include <memory>
#include <set>

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
#include "services/cli/reviews/review_page.h"
#include "services/cli/short_ids.h"
#include "services/cli/user_files.h"

namespace countersign::cli::reviews {
namespace {

constexpr absl::Duration kWatchInterval = absl::Seconds(1);
constexpr std::size_t kPreviewBytes = 200;
// Of so many reviews of a table the content is asked for, one by one.
constexpr std::size_t kMostPreviews = 50;

struct ShowOptions {
  std::string id;
  int media = -1;      // the number of the media to fetch; -1: none
  std::string output;  // a format, or with `media` a file
};

struct ListOptions {
  std::string state;
  bool all = false;
  std::string requester, connection, policy, model;
};

struct VoteOptions {
  std::vector<std::string> ids;
  std::string hash;
  std::string reason;
};

// The approvals that a review has and needs: "1/2", with "you" when `reader` is one of the voters.
std::string Votes(json::Value review, absl::string_view reader) {
  const json::Value votes = review["votes"];
  std::size_t approvals = 0;
  bool own = false;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    approvals += votes.at(i)["decision"].text() == "APPROVE" ? 1 : 0;
    own = own || (!reader.empty() && votes.at(i)["reviewer"].text() == reader);
  }
  return absl::StrCat(approvals, "/", output::Cell(review["approvalsRequired"]), own ? " you" : "");
}

// What made the policy ask, of a review with its content: the first finding.
std::string Why(json::Value review) {
  const json::Value finding = review["findings"].at(0);
  if (!finding.exists()) return "-";
  const absl::string_view rule = finding["rule"].text();
  return absl::StrCat(finding["condition"].text(), rule.empty() ? "" : " ", rule);
}

// The newest text of a review with its content.
std::string Preview(json::Value review) {
  const json::Value parts = review["parts"];
  if (parts.size() == 0) return "-";
  return std::string(parts.at(parts.size() - 1)["text"].text().substr(0, kPreviewBytes));
}

std::vector<Column> Columns(const std::string& reader, absl::Time now) {
  return {
      {.heading = "ID", .member = "id", .least = output::kShortId, .is_id = true},
      {.heading = "STATE", .member = "state", .state = true},
      {.heading = "REQUESTER", .member = "requester", .least = output::kShortName},
      {.heading = "CONNECTION",
       .member = "connection",
       .least = output::kShortName,
       .optional = true},
      {.heading = "MODEL", .member = "model", .least = output::kShortName, .optional = true},
      {.heading = "POLICY", .member = "policy", .least = output::kShortName},
      {.heading = "VOTES", .cell = [reader](json::Value item) { return Votes(item, reader); }},
      {.heading = "AGE",
       .cell = [now](json::Value item) { return output::Age(item["createdAt"].text(), now); }},
      {.heading = "WAITING", .member = "waiting", .optional = true},
      {.heading = "EXPIRES", .member = "expiresAt", .optional = true},
      {.heading = "TOKENS", .member = "promptTokens", .wide = true},
      {.heading = "HASH", .member = "bindingHash", .wide = true},
      {.heading = "WHY", .cell = Why, .least = output::kShortName, .optional = true},
      {.heading = "PREVIEW", .cell = Preview, .least = output::kShortName, .optional = true},
  };
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

// The name that this user's votes have; "" when the gateway does not say.
std::string ReaderName(GatewayClient& gateway) {
  const auto me = gateway.Call("authn.v1.IdentityService/WhoAmI", "{}");
  if (!me.ok()) return "";
  const absl::string_view identity = me->root()["identity"].text();
  return std::string(identity.empty() ? me->root()["subject"].text() : identity);
}

bool Fits(json::Value review, const ListOptions& options) {
  const auto fits = [&](absl::string_view member, const std::string& wanted) {
    return wanted.empty() || review[member].text() == wanted;
  };
  return fits("requester", options.requester) && fits("connection", options.connection) &&
         fits("policy", options.policy) && fits("model", options.model);
}

// The reviews that fit. The first of them are replaced by `whole` ones, with their content.
std::vector<json::Value> FittingReviews(GatewayClient& gateway, json::Value items,
                                        const ListOptions& options, bool with_content,
                                        std::list<json::Document>& whole) {
  std::vector<json::Value> fitting;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!Fits(items.at(i), options)) continue;
    fitting.push_back(items.at(i));
    if (!with_content || whole.size() == kMostPreviews) continue;
    auto review = GetReview(gateway, std::string(items.at(i)["id"].text()));
    if (review.ok()) fitting.back() = whole.emplace_back(*std::move(review)).root();
  }
  return fitting;
}

absl::Status List(const Invocation& invocation, const ListOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject();
  if (!options.state.empty()) request.Key("state").String(options.state);
  request.Key("all").Bool(options.all).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      ListAll(*gateway, "approval.v1.ReviewService/ListReviews", request.str(), 0));
  const bool table = IsTable(invocation.output());
  const std::string reader = table ? ReaderName(*gateway) : "";
  std::list<json::Document> whole;
  const std::vector<json::Value> fitting =
      FittingReviews(*gateway, answer.root()["items"], options, table, whole);
  if (table && fitting.empty()) {
    invocation.err << "countersign: no reviews"
                   << (options.all || !options.state.empty() ? "" : " are pending (--all)") << "\n";
  }
  return PrintItems(invocation, fitting, Columns(reader, absl::Now()));
}

// Writes the media to the file, if they have the digest by which a review lists them.
absl::Status Fetch(const Invocation& invocation, const ShowOptions& options) {
  if (options.output.empty()) {
    return command_line::Misuse("--media needs -o FILE; - stands for standard output");
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  CS_ASSIGN_OR_RETURN(const std::string id, FindReview(*gateway, options.id));
  request.BeginObject().Key("id").String(id).Key("index").Int(options.media).EndObject();
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
    const absl::StatusOr<std::string> format = ReadFormat(options.output);
    if (!format.ok()) {
      return command_line::Misuse(
          absl::StrCat("-o ", format.status().message(), "; a file only with --media N"));
    }
    invocation.format = *format;
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::string id, FindReview(*gateway, options.id));
  CS_ASSIGN_OR_RETURN(const json::Document review, GetReview(*gateway, id));
  PrintObject(invocation, review.root(), [&] { PrintReview(invocation.out, review.root()); });
  return RememberShown(gateway->url(), id, review.root()["bindingHash"].text());
}

// The hash to approve: the given one, else the one last shown to this user, else that of the review
// that is printed now.
absl::StatusOr<std::string> SeenHash(const Invocation& invocation, GatewayClient& gateway,
                                     const std::string& id, const std::string& given) {
  if (!given.empty()) return given;
  std::string shown = ShownHash(gateway.url(), id);
  if (!shown.empty()) return shown;
  CS_ASSIGN_OR_RETURN(const json::Document review, GetReview(gateway, id));
  PrintReview(invocation.output() == output::Format::kTable ? invocation.out : invocation.err,
              review.root());
  return std::string(review.root()["bindingHash"].text());
}

absl::Status ApproveOne(const Invocation& invocation, GatewayClient& gateway, const std::string& id,
                        const VoteOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::string hash, SeenHash(invocation, gateway, id, options.hash));
  if (!Confirmed(invocation, absl::StrCat("Approve ", id, "?"))) {
    return absl::CancelledError("not approved");
  }
  json::Writer request;
  request.BeginObject().Key("id").String(id).Key("seenHash").String(hash);
  request.Key("reason").String(options.reason).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document review,
                      gateway.Call("approval.v1.ReviewService/ApproveReview", request.str()));
  PrintObject(invocation, review.root(), [&] {
    const json::Value state = review.root()["state"];
    invocation.out << "approved " << id << " (" << output::Printable(state.text()) << ")\n";
  });
  return absl::OkStatus();
}

absl::Status RefuseOne(const Invocation& invocation, GatewayClient& gateway, const std::string& id,
                       const VoteOptions& options, absl::string_view method,
                       absl::string_view done) {
  json::Writer request;
  request.BeginObject().Key("id").String(id).Key("reason").String(options.reason);
  request.EndObject();
  CS_ASSIGN_OR_RETURN(
      const json::Document review,
      gateway.Call(absl::StrCat("approval.v1.ReviewService/", method), request.str()));
  PrintObject(invocation, review.root(), [&] {
    invocation.out << done << " " << id << " (" << output::Printable(review.root()["state"].text())
                   << ")\n";
  });
  return absl::OkStatus();
}

// Calls `vote` with the whole id of each review. Goes on after a failure, and returns the last one;
// those before it are printed.
absl::Status VoteEach(
    const Invocation& invocation, const VoteOptions& options,
    const std::function<absl::Status(GatewayClient&, const std::string& id)>& vote) {
  if (options.ids.size() > 1 && !options.hash.empty()) {
    return command_line::Misuse("--hash is of one review; name one");
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  absl::Status failed = absl::OkStatus();
  for (const std::string& word : options.ids) {
    const absl::StatusOr<std::string> id = FindReview(*gateway, word);
    const absl::Status voted = id.ok() ? vote(*gateway, *id) : id.status();
    if (voted.ok()) continue;
    if (!failed.ok())
      invocation.err << "countersign: " << output::Printable(failed.message()) << "\n";
    failed = options.ids.size() == 1 ? voted : Annotate(voted, word);
  }
  return failed;
}

absl::Status Approve(const Invocation& invocation, const VoteOptions& options) {
  return VoteEach(invocation, options, [&](GatewayClient& gateway, const std::string& id) {
    return ApproveOne(invocation, gateway, id, options);
  });
}

absl::Status Refuse(const Invocation& invocation, const VoteOptions& options,
                    absl::string_view method, absl::string_view done) {
  return VoteEach(invocation, options, [&](GatewayClient& gateway, const std::string& id) {
    return RefuseOne(invocation, gateway, id, options, method, done);
  });
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
    for (const char* const member :
         {"id", "state", "requester", "connection", "policy", "waiting", "expiresAt"}) {
      cells.push_back(output::Cell(review[member]));
    }
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
  verb->add_option("id", options->ids, "The ids of reviews, or how they begin")->required();
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

  auto list = std::make_shared<ListOptions>();
  CLI::App* verb = reviews->add_subcommand("list", "List pending reviews");
  verb->add_option("--state", list->state,
                   absl::StrCat("One of ", absl::StrJoin(States(), ", "), " (default PENDING)"))
      ->transform(command_line::Choice(States()));
  verb->add_flag("--all", list->all, "List reviews in every state");
  verb->add_option("--requester", list->requester, "Of this caller");
  verb->add_option("--connection", list->connection, "For this connection");
  verb->add_option("--policy", list->policy, "Asked for by this policy");
  verb->add_option("--model", list->model, "For this model");
  AddListingOptions(*verb, invocation);
  verb->callback([&invocation, list] {
    invocation.action = [&invocation, list] { return List(invocation, *list); };
  });

  auto show = std::make_shared<ShowOptions>();
  verb = reviews->add_subcommand("show", "Show what would be sent, and why it is held");
  verb->add_option("id", show->id, "The review's id, or how it begins")->required();
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

}  // namespace countersign::cli::reviews
