#include "services/edge/inference/inference_wire.h"

#include <google/protobuf/stubs/logging.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "countersign/inference/v1/inference.pb.h"
#include "libs/base/status.h"
#include "libs/wire/prompt_wire.h"
#include "services/edge/admin/connect_json.h"
#include "services/edge/admin/message_json.h"

namespace countersign::edge::inference {
namespace {

namespace v1 = ::countersign::inference::v1;
using grpc_calls::MessageForm;

template <typename Proto>
absl::StatusOr<Proto> Parse(absl::string_view bytes, MessageForm form) {
  Proto message;
  if (form == MessageForm::kJson) {
    CS_ASSIGN_OR_RETURN(const auto parsed, admin::MessageFromJson(*Proto::descriptor(), bytes));
    message.CopyFrom(*parsed);
    return message;
  }
  // It would log what it does not accept, and the status says that.
  const google::protobuf::LogSilencer silencer;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  return absl::InvalidArgumentError(absl::StrCat("not a ", Proto::descriptor()->full_name()));
}

std::string Write(const google::protobuf::Message& message, MessageForm form) {
  return form == MessageForm::kJson ? admin::MessageToJson(message) : message.SerializeAsString();
}

Role FromProto(v1::Role role) {
  switch (role) {
    case v1::ROLE_SYSTEM: return Role::kSystem;
    case v1::ROLE_USER: return Role::kUser;
    case v1::ROLE_ASSISTANT: return Role::kAssistant;
    case v1::ROLE_DEVELOPER: return Role::kDeveloper;
    default: return Role::kUnspecified;
  }
}

// Of GenerateRequest and ChatOpen.
template <typename Proto>
Prompt FromProto(const Proto& proto) {
  Prompt prompt;
  const v1::Settings& settings = proto.settings();
  prompt.settings.model = settings.model();
  if (settings.has_temperature()) prompt.settings.temperature = settings.temperature();
  if (settings.has_top_p()) prompt.settings.top_p = settings.top_p();
  if (settings.has_max_tokens()) prompt.settings.max_tokens = settings.max_tokens();
  prompt.settings.stop.assign(settings.stop().begin(), settings.stop().end());
  if (settings.has_seed()) prompt.settings.seed = settings.seed();
  prompt.settings.user = settings.user();
  for (const v1::Message& message : proto.messages()) {
    prompt.messages.push_back({FromProto(message.role()), message.text()});
  }
  return prompt;
}

v1::Decided::Verdict ToProto(domain::Verdict verdict) {
  switch (verdict) {
    case domain::Verdict::kAllow: return v1::Decided::VERDICT_ALLOW;
    case domain::Verdict::kReview: return v1::Decided::VERDICT_REVIEW;
    case domain::Verdict::kDeny: break;
  }
  return v1::Decided::VERDICT_UNSPECIFIED;
}

v1::TextKind ToProto(TextKind kind) {
  switch (kind) {
    case TextKind::kAnswer: return v1::TEXT_KIND_ANSWER;
    case TextKind::kRefusal: return v1::TEXT_KIND_REFUSAL;
    case TextKind::kReasoning: return v1::TEXT_KIND_REASONING;
  }
  return v1::TEXT_KIND_UNSPECIFIED;
}

// Sets the event of a GenerateResponse or ChatResponse.
template <typename Proto>
struct EventSetter {
  void operator()(const Started& event) const {
    response.mutable_started()->set_session_id(event.session_id);
    response.mutable_started()->set_request_id(event.request_id);
  }
  void operator()(const Decided& event) const {
    response.mutable_decided()->set_verdict(ToProto(event.verdict));
    response.mutable_decided()->set_policy(event.policy);
  }
  void operator()(const Held& event) const {
    response.mutable_held()->set_review_id(event.review_id);
    response.mutable_held()->set_binding_hash(event.binding_hash);
    if (event.expires_at > absl::UnixEpoch() && event.expires_at < absl::InfiniteFuture()) {
      *response.mutable_held()->mutable_expires_at() = wire::ToProto(event.expires_at);
    }
  }
  void operator()(const Approved& event) const {
    response.mutable_approved()->set_review_id(event.review_id);
    for (const std::string& name : event.approvers)
      response.mutable_approved()->add_approvers(name);
  }
  void operator()(const TextDelta& event) const {
    response.mutable_text_delta()->set_choice(event.choice);
    response.mutable_text_delta()->set_kind(ToProto(event.kind));
    response.mutable_text_delta()->set_text(event.text);
  }
  void operator()(const ToolCallDelta& event) const {
    auto& delta = *response.mutable_tool_call_delta();
    delta.set_choice(event.choice);
    delta.set_index(event.index);
    delta.set_id(event.id);
    delta.set_name(event.name);
    delta.set_arguments(event.arguments);
  }
  void operator()(const Masked& event) const {
    auto& masked = *response.mutable_masked();
    masked.set_choice(event.choice);
    masked.set_kind(ToProto(event.kind));
    masked.set_entity(event.entity);
    masked.set_begin(event.begin);
    masked.set_end(event.end);
  }
  void operator()(const Finished& event) const {
    response.mutable_finished()->set_choice(event.choice);
    response.mutable_finished()->set_reason(event.reason);
  }
  void operator()(const Usage& event) const {
    response.mutable_usage()->set_input_tokens(event.input_tokens);
    response.mutable_usage()->set_output_tokens(event.output_tokens);
  }
  void operator()(const Completed&) const {
    response.mutable_end()->set_outcome(v1::End::OUTCOME_COMPLETED);
  }

  Proto& response;
};

}  // namespace

absl::StatusOr<Prompt> ProtoCodec::ReadGenerate(absl::string_view bytes, MessageForm form) const {
  CS_ASSIGN_OR_RETURN(const v1::GenerateRequest request, Parse<v1::GenerateRequest>(bytes, form));
  Prompt prompt = FromProto(request);
  if (request.choices() > 0) prompt.choices = request.choices();
  return prompt;
}

absl::StatusOr<ChatInput> ProtoCodec::ReadChat(absl::string_view bytes, MessageForm form) const {
  CS_ASSIGN_OR_RETURN(const v1::ChatRequest request, Parse<v1::ChatRequest>(bytes, form));
  switch (request.message_case()) {
    case v1::ChatRequest::kOpen: return ChatInput(FromProto(request.open()));
    case v1::ChatRequest::kUserText: return ChatInput(request.user_text());
    case v1::ChatRequest::MESSAGE_NOT_SET: break;
  }
  return absl::InvalidArgumentError("the message is neither open nor user_text");
}

std::string ProtoCodec::WriteGenerate(const Event& event, MessageForm form) const {
  v1::GenerateResponse response;
  std::visit(EventSetter<v1::GenerateResponse>{response}, event);
  return Write(response, form);
}

std::string ProtoCodec::WriteChat(const Event& event, std::uint32_t turn, MessageForm form) const {
  v1::ChatResponse response;
  response.set_turn(turn);
  std::visit(EventSetter<v1::ChatResponse>{response}, event);
  return Write(response, form);
}

}  // namespace countersign::edge::inference
