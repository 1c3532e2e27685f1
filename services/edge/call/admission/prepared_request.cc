#include "services/edge/call/admission/prepared_request.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/members/masked_prompt.h"
#include "libs/domain/binding.h"
#include "services/edge/call/headers/header_rules.h"

namespace countersign::edge::call::admission {
namespace {

using dialects::members::MaskedPrompt;
using Releases = std::vector<domain::FieldRelease>;

// Whether the prompt must be sent to the masker. If the decision was made with a newer version of
// the profiles than the edge has, it must.
bool MasksPrompt(const request::Route& route, const domain::Decision& decision) {
  if (decision.masking_profile == "none") return false;
  const auto profile = route.resources->masking_profiles.find(decision.masking_profile);
  if (decision.policy_version != route.resources->version) return true;
  if (profile == route.resources->masking_profiles.end()) {
    return decision.masking_profile != "tier1";  // built in; masks answers only
  }
  return !profile->second.prompt.empty();
}

async::Awaitable<absl::StatusOr<Releases>> MaskPrompt(const CallContext& context,
                                                      const request::VerifiedCaller& caller,
                                                      const request::ReadRequest& read,
                                                      const std::string& profile,
                                                      std::vector<domain::FieldPiece> pieces) {
  const CallServices& services = context.services;
  const std::size_t asked = pieces.size();
  async::PendingReply<absl::StatusOr<std::unique_ptr<domain::MaskStream>>> opened(context.executor);
  domain::MaskStreamOptions options{
      profile, read.connection().name, domain::Direction::kPrompt, {}};
  services.ports.masker.Open(caller.call(), std::move(options), services.PortDeadline(),
                             opened.done());
  const absl::StatusOr<std::unique_ptr<domain::MaskStream>> stream =
      co_await opened.Get(context.cancellation);
  if (!stream.ok()) co_return stream.status();
  async::PendingReply<absl::StatusOr<Releases>> fed(context.executor);
  (*stream)->Feed(std::move(pieces), services.PortDeadline(), fed.done());
  absl::StatusOr<Releases> releases = co_await fed.Get(context.cancellation);
  if (releases.ok() && releases->size() != asked) {
    co_return absl::InternalError("the masker answered another question");
  }
  co_return releases;
}

// The prompt as the decision's profile leaves it.
async::Awaitable<Step<MaskedPrompt>> PreparePrompt(const CallContext& context,
                                                   const request::VerifiedCaller& caller,
                                                   const request::ReadRequest& read,
                                                   const DecidedCall& decided) {
  const domain::Decision& decision = decided.decision();
  if (read.prompt()->parts.empty() || !MasksPrompt(read.route(), decision)) {
    MaskedPrompt unchanged{{}, read.prompt(), {}, {}};
    co_return unchanged;
  }
  const dialects::members::PromptTexts texts = dialects::members::JoinPrompt(*read.prompt());
  std::vector<domain::FieldPiece> pieces = dialects::members::AskAboutPrompt(texts, *read.prompt());
  const absl::StatusOr<Releases> releases =
      co_await MaskPrompt(context, caller, read, decision.masking_profile, std::move(pieces));
  if (!releases.ok()) co_return RefuseForPart(releases.status(), "masking");
  absl::StatusOr<MaskedPrompt> applied =
      dialects::members::ApplyToPrompt(read.call(), texts, *releases);
  if (!applied.ok()) co_return RefuseBlocked("policy_denied", applied.status().message());
  co_return *std::move(applied);
}

// Method, target and headers as sent.
absl::StatusOr<OutgoingHead> MakeHead(const CallContext& context,
                                      const request::ReadRequest& read) {
  const dialects::ReadCall& call = read.call();
  absl::StatusOr<std::string> target =
      context.upstream.MakeTarget(read.connection(), call.upstream_path);
  if (!target.ok()) return target.status();
  return OutgoingHead{
      call.method, *std::move(target),
      headers::UpstreamHeaders(context.request.headers, read.connection(), !call.body.empty())};
}

}  // namespace

async::Awaitable<Step<PreparedRequest>> PreparedRequest::Prepare(
    const CallContext& context, const request::VerifiedCaller& caller,
    const request::ReadRequest& read, const DecidedCall& decided) {
  const StageTimer timer(context.services, Stage::kPrepare);
  absl::StatusOr<OutgoingHead> head = MakeHead(context, read);
  if (!head.ok()) {
    co_return Refusal{
        dialects::MakeCallerError("upstream_error", "the connection's url is not usable"),
        domain::Outcome::kUpstreamError, absl::OkStatus()};
  }
  Step<MaskedPrompt> masked = co_await PreparePrompt(context, caller, read, decided);
  if (!masked.ok()) co_return std::move(masked).refusal();
  std::vector<dialects::Edit> edits = std::move(masked->edits);
  const std::vector<dialects::Edit>& additions = read.call().additions;
  edits.insert(edits.end(), additions.begin(), additions.end());
  absl::StatusOr<std::string> body = dialects::Splice(read.call().body, std::move(edits));
  if (!body.ok()) co_return RefuseForPart(body.status(), "masking");

  PreparedRequest request;
  request.route_ = read.route();
  request.head_ = *std::move(head);
  request.body_ = *std::move(body);
  request.prompt_ = std::move(masked->prompt);
  request.placeholders_ = std::move(masked->placeholders);
  request.masked_ = std::move(masked->masked);
  request.issuer_ = caller.principal().issuer;
  request.subject_ = caller.principal().subject;
  request.binding_hash_ = request.HashBinding(request.head_, request.body_);
  co_return request;
}

std::string PreparedRequest::HashBinding(const OutgoingHead& head, absl::string_view body) const {
  domain::BoundRequest bound;
  bound.issuer = issuer_;
  bound.subject = subject_;
  bound.connection = connection().name;
  bound.connection_version = connection().version;
  bound.method = head.method;
  bound.path_and_query = head.target;
  bound.headers = head.headers;
  bound.body = body;
  return domain::BindingHash(bound);
}

}  // namespace countersign::edge::call::admission
