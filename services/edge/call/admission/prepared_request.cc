#include "services/edge/call/admission/prepared_request.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/members/masked_prompt.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/large_work.h"

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

// The request to the masker about a prompt.
struct Question {
  dialects::members::PromptTexts texts;
  std::vector<domain::FieldPiece> pieces;
};

// What is sent, as far as it depends on the masker's answer.
struct Draft {
  MaskedPrompt masked;
  dialects::HeaderList headers;
  std::string body;
  std::string binding_hash;
};

// The masker's answer, with the question.
struct Masked {
  dialects::members::PromptTexts texts;
  Releases releases;
};

// Makes the body, the headers that depend on it, and the hash of all. FAILED_PRECONDITION for text
// that must be masked and cannot be.
absl::StatusOr<Draft> MakeDraft(const dialects::ReadCall& call, const std::optional<Masked>& masked,
                                domain::BoundRequest bound) {
  Draft draft{{{}, call.prompt, {}, {}}, bound.headers, "", ""};
  if (masked) {
    CS_ASSIGN_OR_RETURN(draft.masked,
                        dialects::members::ApplyToPrompt(call, masked->texts, masked->releases));
  }
  std::vector<dialects::Edit> edits = std::move(draft.masked.edits);
  edits.insert(edits.end(), call.additions.begin(), call.additions.end());
  dialects::AddSizeEdits(call.sizes, edits);
  if (call.head_size) {
    draft.headers.emplace_back(call.head_size->header,
                               absl::StrCat(dialects::CountAfter(edits, call.head_size->end)));
  }
  absl::StatusOr<std::string> body = dialects::Splice(call.body, std::move(edits), call.lengths);
  if (!body.ok()) return absl::InternalError(body.status().message());
  draft.body = *std::move(body);
  bound.headers = draft.headers;
  bound.body = draft.body;
  draft.binding_hash = domain::BindingHash(bound);
  return draft;
}

// What the masker says about the prompt; nothing if it need not be asked. Large prompts are taken
// apart and put together again off the network thread.
async::Awaitable<Step<std::optional<Masked>>> AskMasker(const CallContext& context,
                                                        const request::VerifiedCaller& caller,
                                                        const request::ReadRequest& read,
                                                        const DecidedCall& decided) {
  std::optional<Masked> none;
  const domain::Decision& decision = decided.decision();
  if (read.prompt()->parts.empty() || !MasksPrompt(read.route(), decision)) co_return none;
  const auto ask = [prompt = read.prompt()]() -> absl::StatusOr<Question> {
    Question question{dialects::members::JoinPrompt(*prompt), {}};
    question.pieces = dialects::members::AskAboutPrompt(question.texts, *prompt);
    return question;
  };
  absl::StatusOr<Question> question = co_await RunLargeWork(context, read.call().body.size(), ask);
  if (!question.ok()) co_return RefuseForPart(question.status(), "reader of large bodies");
  absl::StatusOr<Releases> releases = co_await MaskPrompt(
      context, caller, read, decision.masking_profile, std::move(question->pieces));
  if (!releases.ok()) co_return RefuseForPart(releases.status(), "masking");
  std::optional<Masked> masked(Masked{std::move(question->texts), *std::move(releases)});
  co_return masked;
}

// Method, target and headers as sent.
absl::StatusOr<OutgoingHead> MakeHead(const CallContext& context,
                                      const request::ReadRequest& read) {
  const dialects::ReadCall& call = read.call();
  absl::StatusOr<std::string> target =
      context.upstream.MakeTarget(read.connection(), call.upstream_path);
  if (!target.ok()) return target.status();
  const dialects::HeaderList& from_caller = context.request.headers;
  return OutgoingHead{call.method, *std::move(target),
                      call.rpc
                          ? headers::RpcHeaders(from_caller)
                          : headers::UpstreamHeaders(from_caller, read.connection(),
                                                     call.body.empty() ? "" : call.content_type)};
}

}  // namespace

async::Awaitable<Step<PreparedRequest>> PreparedRequest::Prepare(
    const CallContext& context, const request::VerifiedCaller& caller,
    const request::ReadRequest& read, const DecidedCall& decided) {
  const StageTimer timer(context.services, Stage::kPrepare);
  absl::StatusOr<OutgoingHead> head = MakeHead(context, read);
  if (!head.ok()) {
    co_return RefuseForUpstream(absl::InvalidArgumentError(head.status().message()), false);
  }
  Step<std::optional<Masked>> masked = co_await AskMasker(context, caller, read, decided);
  if (!masked.ok()) co_return std::move(masked).refusal();

  PreparedRequest request;
  request.route_ = read.route();
  request.head_ = *std::move(head);
  request.rpc_ = read.call().rpc;
  request.issuer_ = caller.principal().issuer;
  request.subject_ = caller.principal().subject;
  if (*masked) {
    for (const domain::FieldRelease& release : (*masked)->releases) {
      request.unanalyzed_.insert(release.unanalyzed.begin(), release.unanalyzed.end());
    }
  }
  const auto work = [call = read.shared_call(), masked = *std::move(masked),
                     bound = request.Bind(request.head_)]() {
    return MakeDraft(*call, masked, bound);
  };
  absl::StatusOr<Draft> draft = co_await RunLargeWork(context, read.call().body.size(), work);
  if (absl::IsFailedPrecondition(draft.status())) {
    co_return RefuseBlocked("policy_denied", draft.status().message());
  }
  if (context.cancellation.cancelled()) co_return RefuseCancelled(context.cancellation.cause());
  if (!draft.ok()) co_return RefuseForPart(draft.status(), "masking");
  request.head_.headers = std::move(draft->headers);
  request.body_ = std::move(draft->body);
  request.prompt_ = std::move(draft->masked.prompt);
  request.placeholders_ = std::move(draft->masked.placeholders);
  request.masked_ = std::move(draft->masked.masked);
  request.binding_hash_ = std::move(draft->binding_hash);
  co_return request;
}

domain::BoundRequest PreparedRequest::Bind(const OutgoingHead& head) const {
  domain::BoundRequest bound;
  bound.issuer = issuer_;
  bound.subject = subject_;
  bound.connection = connection().name;
  bound.connection_version = connection().version;
  bound.method = head.method;
  bound.path_and_query = head.target;
  bound.headers = head.headers;
  return bound;
}

std::string PreparedRequest::HashBinding(const OutgoingHead& head, absl::string_view body) const {
  domain::BoundRequest bound = Bind(head);
  bound.body = body;
  return domain::BindingHash(bound);
}

}  // namespace countersign::edge::call::admission
