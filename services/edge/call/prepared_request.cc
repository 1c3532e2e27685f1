#include "services/edge/call/prepared_request.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/domain/binding.h"
#include "libs/json/writer.h"
#include "services/edge/call/header_rules.h"

namespace countersign::edge {
namespace {

using Releases = std::vector<domain::FieldRelease>;

// Whether the masker must be asked about the prompt. The decision may know a newer version of the
// profiles than the edge does; then it is asked.
bool MasksPrompt(const Route& route, const domain::Decision& decision) {
  if (decision.masking_profile == "none") return false;
  const auto profile = route.resources->masking_profiles.find(decision.masking_profile);
  if (decision.policy_version != route.resources->version) return true;
  if (profile == route.resources->masking_profiles.end()) {
    return decision.masking_profile != "tier1";  // built in, and about answers alone
  }
  return !profile->second.prompt.empty();
}

async::Awaitable<absl::StatusOr<Releases>> MaskPrompt(
    const EdgeServices& services, const VerifiedCaller& caller, const Route& route,
    const domain::Prompt& prompt, const std::string& profile, async::Executor executor,
    async::Cancellation& cancellation) {
  async::PendingReply<absl::StatusOr<std::unique_ptr<domain::MaskStream>>> opened(executor);
  services.ports.masker.Open(caller.call(), profile, route.connection->name,
                             domain::Direction::kPrompt, {}, services.PortDeadline(),
                             opened.done());
  const absl::StatusOr<std::unique_ptr<domain::MaskStream>> stream =
      co_await opened.Get(cancellation);
  if (!stream.ok()) co_return stream.status();
  std::vector<domain::FieldPiece> pieces;
  for (std::size_t i = 0; i < prompt.parts.size(); ++i) {
    const domain::TextPart& part = prompt.parts[i];
    pieces.push_back(domain::FieldPiece{absl::StrCat("part/", i, part.pointer), part.text, true});
  }
  async::PendingReply<absl::StatusOr<Releases>> fed(executor);
  (*stream)->Feed(std::move(pieces), services.PortDeadline(), fed.done());
  absl::StatusOr<Releases> releases = co_await fed.Get(cancellation);
  if (releases.ok() && releases->size() != prompt.parts.size()) {
    co_return absl::InternalError("the masker answered another question");
  }
  co_return releases;
}

// The edits that put the releases into the body, and the prompt as it then reads.
struct MaskedPrompt {
  std::vector<dialects::Edit> edits;
  std::shared_ptr<const domain::Prompt> prompt;
  std::vector<domain::Placeholder> placeholders;
  std::vector<domain::DeliveredSpan> masked;
};
absl::StatusOr<MaskedPrompt> ApplyToPrompt(const dialects::ReadCall& read,
                                           const Releases& releases) {
  MaskedPrompt result;
  domain::Prompt masked = *read.prompt;
  for (std::size_t i = 0; i < releases.size(); ++i) {
    if (releases[i].Unchanged()) continue;
    const dialects::TextPlace place = read.places[i];
    if (place.begin == place.end) {
      return absl::FailedPreconditionError(
          absl::StrCat("the name at ", masked.parts[i].pointer, " would have to be masked"));
    }
    result.placeholders.insert(result.placeholders.end(), releases[i].placeholders.begin(),
                               releases[i].placeholders.end());
    for (const domain::MaskedSpan& span : releases[i].masked) {
      result.masked.push_back(domain::DeliveredSpan{masked.parts[i].pointer, span});
    }
    masked.parts[i].text = releases[i].text;
    result.edits.push_back(dialects::Edit{place.begin, place.end, json::Quote(releases[i].text)});
  }
  result.prompt = result.edits.empty() ? read.prompt
                                       : std::make_shared<const domain::Prompt>(std::move(masked));
  return result;
}

}  // namespace

async::Awaitable<Step<PreparedRequest>> PreparedRequest::Prepare(
    const EdgeServices& services, const VerifiedCaller& caller, const Route& route,
    const dialects::ReadCall& read, const dialects::HeaderList& headers, const DecidedCall& decided,
    async::Executor executor, async::Cancellation& cancellation) {
  const StageTimer timer(services, Stage::kPrepare);
  const domain::Connection& connection = *route.connection;
  const absl::StatusOr<http::Url> url = http::ParseUrl(connection.url);
  if (!url.ok()) {
    co_return Refusal{
        dialects::MakeCallerError("upstream_error", "the connection's url is not usable"),
        domain::Outcome::kUpstreamError};
  }
  MaskedPrompt masked{{}, read.prompt, {}, {}};
  if (!read.prompt->parts.empty() && MasksPrompt(route, decided.decision())) {
    const absl::StatusOr<Releases> releases =
        co_await MaskPrompt(services, caller, route, *read.prompt,
                            decided.decision().masking_profile, executor, cancellation);
    if (!releases.ok()) co_return RefusalOfPart(releases.status(), "masking");
    absl::StatusOr<MaskedPrompt> applied = ApplyToPrompt(read, *releases);
    if (!applied.ok()) {
      co_return Refusal{dialects::MakeCallerError("policy_denied", applied.status().message()),
                        domain::Outcome::kBlocked};
    }
    masked = *std::move(applied);
  }
  PreparedRequest request;
  request.target_.origin = url->origin;
  request.target_.allow_private = connection.network_private;
  request.head_.method = read.method;
  request.head_.target = absl::StrCat(url->path, read.upstream_path);
  if (!url->query.empty()) {
    absl::StrAppend(&request.head_.target, absl::StrContains(read.upstream_path, '?') ? "&" : "?",
                    url->query);
  }
  for (const auto& [name, value] : UpstreamHeaders(headers, !read.body.empty())) {
    request.head_.headers.Add(name, value);
  }
  std::vector<dialects::Edit> edits = std::move(masked.edits);
  edits.insert(edits.end(), read.additions.begin(), read.additions.end());
  absl::StatusOr<std::string> body = dialects::Splice(read.body, std::move(edits));
  if (!body.ok()) co_return RefusalOfPart(body.status(), "masking");
  request.body_ = *std::move(body);
  request.prompt_ = std::move(masked.prompt);
  request.placeholders_ = std::move(masked.placeholders);
  request.masked_ = std::move(masked.masked);
  request.issuer_ = caller.principal().issuer;
  request.subject_ = caller.principal().subject;
  request.connection_ = connection.name;
  request.connection_version_ = connection.version;
  request.binding_hash_ = request.HashOf(request.head_, request.body_);
  co_return request;
}

std::string PreparedRequest::HashOf(const http::RequestHead& head, absl::string_view body) const {
  domain::BoundRequest bound;
  bound.issuer = issuer_;
  bound.subject = subject_;
  bound.connection = connection_;
  bound.connection_version = connection_version_;
  bound.method = head.method;
  bound.path_and_query = head.target;
  bound.headers.assign(head.headers.begin(), head.headers.end());
  bound.body = body;
  return domain::BindingHash(bound);
}

}  // namespace countersign::edge
