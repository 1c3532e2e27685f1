#include "services/edge/inference/inference_wire.h"

#include <catch2/catch.hpp>

#include "countersign/inference/v1/inference.pb.h"

namespace countersign::edge::inference {
namespace {

namespace v1 = ::countersign::inference::v1;
using grpc_calls::MessageForm;

v1::GenerateResponse Written(const Event& event) {
  v1::GenerateResponse response;
  REQUIRE(response.ParseFromString(ProtoCodec().WriteGenerate(event, MessageForm::kProto)));
  return response;
}

TEST_CASE("ProtoCodec: a request, with all that it may say", "[inference]") {
  v1::GenerateRequest request;
  v1::Settings& settings = *request.mutable_settings();
  settings.set_model("gpt-4o");
  settings.set_temperature(0);
  settings.set_max_tokens(5);
  settings.add_stop("END");
  settings.set_seed(-1);
  settings.set_user("u");
  v1::Message& message = *request.add_messages();
  message.set_role(v1::ROLE_DEVELOPER);
  message.set_text("hi");
  const Prompt prompt =
      ProtoCodec().ReadGenerate(request.SerializeAsString(), MessageForm::kProto).value();
  CHECK(prompt.settings.model == "gpt-4o");
  CHECK(prompt.settings.temperature == 0.0);
  CHECK_FALSE(prompt.settings.top_p.has_value());
  CHECK(prompt.settings.max_tokens == 5u);
  CHECK(prompt.settings.stop == std::vector<std::string>{"END"});
  CHECK(prompt.settings.seed == -1);
  CHECK(prompt.settings.user == "u");
  CHECK(prompt.choices == 1);
  REQUIRE(prompt.messages.size() == 1);
  CHECK(prompt.messages[0].role == Role::kDeveloper);
  CHECK(prompt.messages[0].text == "hi");
}

TEST_CASE("ProtoCodec: bytes that are no message, and text that is not UTF-8", "[inference]") {
  const ProtoCodec codec;
  CHECK(absl::IsInvalidArgument(codec.ReadGenerate("\x0a\x05", MessageForm::kProto).status()));
  const std::string not_utf8("\x12\x05\x08\x02\x12\x01\xff", 7);  // messages[0].text
  CHECK(absl::IsInvalidArgument(codec.ReadGenerate(not_utf8, MessageForm::kProto).status()));
  CHECK(absl::IsInvalidArgument(codec.ReadGenerate("{\"no\":1}", MessageForm::kJson).status()));
  CHECK(absl::IsInvalidArgument(codec.ReadChat("", MessageForm::kProto).status()));
}

TEST_CASE("ProtoCodec: roles of a later version are unspecified", "[inference]") {
  const std::string later("\x12\x02\x08\x63", 4);  // messages[0].role = 99
  const Prompt prompt = ProtoCodec().ReadGenerate(later, MessageForm::kProto).value();
  REQUIRE(prompt.messages.size() == 1);
  CHECK(prompt.messages[0].role == Role::kUnspecified);
}

TEST_CASE("ProtoCodec: the messages of a conversation, as JSON too", "[inference]") {
  const ProtoCodec codec;
  const ChatInput open =
      codec
          .ReadChat(R"({"open":{"settings":{"model":"m"},"messages":[{"role":"ROLE_USER",)"
                    R"("text":"hi"}]}})",
                    MessageForm::kJson)
          .value();
  REQUIRE(std::holds_alternative<Prompt>(open));
  CHECK(std::get<Prompt>(open).messages.at(0).text == "hi");
  v1::ChatRequest next;
  next.set_user_text("and?");
  CHECK(std::get<std::string>(
            codec.ReadChat(next.SerializeAsString(), MessageForm::kProto).value()) == "and?");
}

TEST_CASE("ProtoCodec: every event", "[inference]") {
  CHECK(Written(Started{"s", "r"}).started().session_id() == "s");
  CHECK(Written(Started{"s", "r"}).started().request_id() == "r");
  const v1::GenerateResponse decided = Written(Decided{domain::Verdict::kReview, "regulated"});
  CHECK(decided.decided().verdict() == v1::Decided::VERDICT_REVIEW);
  CHECK(decided.decided().policy() == "regulated");
  const v1::GenerateResponse held = Written(Held{"rev", "ab", absl::FromUnixSeconds(7)});
  CHECK(held.held().review_id() == "rev");
  CHECK(held.held().binding_hash() == "ab");
  CHECK(held.held().expires_at().seconds() == 7);
  CHECK_FALSE(Written(Held{"rev", "ab", absl::InfinitePast()}).held().has_expires_at());
  CHECK(Written(Approved{"rev", {"rosa", "sam"}}).approved().approvers_size() == 2);
  const v1::GenerateResponse tool = Written(ToolCallDelta{1, 2, "call_1", "find", "{}"});
  CHECK(tool.tool_call_delta().choice() == 1);
  CHECK(tool.tool_call_delta().index() == 2);
  CHECK(tool.tool_call_delta().id() == "call_1");
  CHECK(tool.tool_call_delta().name() == "find");
  CHECK(tool.tool_call_delta().arguments() == "{}");
  const v1::GenerateResponse delta = Written(TextDelta{1, TextKind::kReasoning, "a"});
  CHECK(delta.text_delta().choice() == 1);
  CHECK(delta.text_delta().kind() == v1::TEXT_KIND_REASONING);
  CHECK(delta.text_delta().text() == "a");
  const v1::GenerateResponse masked = Written(Masked{1, TextKind::kAnswer, "email", 3, 9});
  CHECK(masked.masked().entity() == "email");
  CHECK(masked.masked().begin() == 3);
  CHECK(masked.masked().end() == 9);
  CHECK(Written(Finished{0, "stop"}).finished().reason() == "stop");
  CHECK(Written(Usage{5, 4}).usage().output_tokens() == 4);
  CHECK(Written(Completed()).end().outcome() == v1::End::OUTCOME_COMPLETED);
}

TEST_CASE("ProtoCodec: a turn's event has its number", "[inference]") {
  v1::ChatResponse response;
  REQUIRE(response.ParseFromString(
      ProtoCodec().WriteChat(Finished{0, "stop"}, 3, MessageForm::kProto)));
  CHECK(response.turn() == 3);
  CHECK(response.finished().reason() == "stop");
  CHECK(ProtoCodec().WriteChat(Finished{0, "stop"}, 3, MessageForm::kJson) ==
        R"({"finished":{"choice":0,"reason":"stop"},"turn":3})");
}

}  // namespace
}  // namespace countersign::edge::inference
