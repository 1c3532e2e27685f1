#include "libs/dialects/grpc_service/answer.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/dialects/grpc_service/testing/chat_service.h"
#include "libs/dialects/testing/pass_pieces.h"

namespace countersign::dialects::grpc_service {
namespace {

using dialects::testing::LiteralMasking;
using dialects::testing::PassPieces;
using dialects::testing::SplitIntoBytes;
using testing::Field;
using testing::Frames;
using testing::Number;

const HeaderList kOk = {{"grpc-status", "0"}};

std::unique_ptr<ServiceAnswer> Open(const char* method = "/chat.Chat/Stream",
                                    AnswerOptions options = {}, const HeaderList& trailers = kOk) {
  static const auto& schema = *new auto(testing::ChatSchema());
  AnswerHead head;
  head.content_type = "application/grpc";
  auto answer = std::make_unique<ServiceAnswer>(head, options, schema, *schema->FindMethod(method));
  answer->AddTrailers(trailers);
  return answer;
}

std::string Pass(const std::vector<std::string>& messages) {
  auto answer = Open();
  const auto passed = PassPieces(*answer, {Frames(messages)});
  INFO(passed.status());
  REQUIRE(passed.ok());
  return *passed;
}

TEST_CASE("ServiceAnswer: messages without a match pass byte for byte", "[grpc_service]") {
  const std::string padded(
      "\x1a\x83\x80\x00"
      "abc",
      7);  // a length longer than it must be
  const std::vector<std::string> messages = {
      Field(1, "id") + Field(2, Number(1, 1) + Field(2, "a")), "", padded};
  CHECK(Pass(messages) == Frames(messages));
  auto answer = Open();
  CHECK(*PassPieces(*answer, SplitIntoBytes(Frames(messages))) == Frames(messages));
}

TEST_CASE("ServiceAnswer: a match within a message, with all lengths around it", "[grpc_service]") {
  CHECK(Pass({Field(2, Number(1, 1) + Field(2, "my SECRET!")) + Field(3, "x")}) ==
        Frames({Field(2, Number(1, 1) + Field(2, "my <S>!")) + Field(3, "x")}));
}

TEST_CASE("ServiceAnswer: a match over every split of a stream is replaced in its first message",
          "[grpc_service]") {
  const std::string text = "my SECRET!";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    const std::string passed = Pass({Field(3, text.substr(0, cut)), Field(3, text.substr(cut))});
    const std::size_t begin = 3;
    const std::size_t end = 9;
    const bool within = begin < cut && cut < end;
    const std::string masked = "my <S>!";
    const std::size_t to = within ? 6 : cut <= begin ? cut : cut - 3;
    CHECK(passed == Frames({Field(3, masked.substr(0, to)), Field(3, masked.substr(to))}));
  }
}

TEST_CASE("ServiceAnswer: choices continue by their index, not by their position",
          "[grpc_service]") {
  const auto choice = [](int index, const std::string& text) {
    return Field(2, (index == 0 ? "" : Number(1, index)) + Field(2, text));
  };
  CHECK(Pass({choice(0, "SEC"), choice(1, "x"), choice(0, "RET")}) ==
        Frames({choice(0, "<S>"), choice(1, "x"), choice(0, "")}));
}

TEST_CASE("ServiceAnswer: identifiers that every message repeats stay whole", "[grpc_service]") {
  std::vector<std::string> messages;
  for (int i = 0; i < 40; ++i) messages.push_back(Field(1, "id-SEC") + Field(3, "t"));
  CHECK(Pass(messages) == Frames(messages));
}

TEST_CASE("ServiceAnswer: a text that stays held does not stop the stream", "[grpc_service]") {
  auto answer = Open();
  LiteralMasking masking;
  std::size_t sent = 0;
  std::string bytes;
  std::vector<std::string> messages = {Field(1, "id-SEC")};
  for (int i = 0; i < 20; ++i) messages.push_back(Field(3, "t"));
  for (const std::string& message : messages) {
    const auto pieces = answer->Feed(Frames({message}));
    const auto released = answer->Release(masking.Apply(*pieces));
    REQUIRE(released.ok());
    sent += released->size();
    for (const Delivery& delivery : *released) bytes += delivery.bytes;
  }
  CHECK(sent == messages.size());
  const auto end = answer->Release(masking.Apply(*answer->Finish()));
  REQUIRE(end->size() == 2);
  for (const Delivery& delivery : *end) bytes += delivery.bytes;
  messages[0] = Field(1, "id-");
  messages.push_back(Field(1, "SEC"));
  CHECK(bytes == Frames(messages));
}

TEST_CASE("ServiceAnswer: no cut of a stream into messages shows a secret", "[grpc_service]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += random() % 3 == 0 ? "SECRET" : random() % 2 ? "SEC" : "ab";
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = random() % 7;
      messages.push_back(random() % 4 == 0 ? Field(1, "n") : Field(3, text.substr(at, size)));
      if (messages.back()[0] != Field(1, "n")[0]) at += size;
    }
    const std::string passed = Pass(messages);
    grpc_wire::FrameReader frames(passed.size());
    frames.Feed(passed);
    std::string joined;
    while (const auto frame = *frames.Next()) {
      if (!frame->payload.empty() && frame->payload[0] == Field(3, "")[0]) {
        joined += frame->payload.substr(2);
      }
    }
    CHECK(joined == absl::StrJoin(std::vector<std::string>(absl::StrSplit(text, "SECRET")), "<S>"));
  }
}

TEST_CASE("ServiceAnswer: the status passes with its message masked", "[grpc_service]") {
  auto answer = Open("/chat.Chat/Ask", {}, {{"grpc-status", "9"}, {"grpc-message", "a SECRET"}});
  LiteralMasking masking;
  const auto out = answer->Release(masking.Apply(*answer->Finish()));
  REQUIRE(out->size() == 1);
  CHECK((*out)[0].is_final);
  CHECK((*out)[0].trailers == HeaderList{{"grpc-status", "9"}, {"grpc-message", "a <S>"}});
  CHECK(answer->upstream_failed());
}

TEST_CASE("ServiceAnswer: what cannot be read ends the answer", "[grpc_service]") {
  const auto reason = [](const std::string& bytes) {
    auto answer = Open();
    absl::Status status = answer->Feed(bytes).status();
    if (status.ok()) status = answer->Finish().status();
    return GetReason(status);
  };
  CHECK(reason(Frames({Field(3, "\xff")})) == "upstream_protocol");
  CHECK(reason(Frames({"\x1a\x05x"})) == "upstream_protocol");
  CHECK(reason(grpc_wire::EncodeFrame(1, "x")) == "upstream_protocol");
  CHECK(reason(std::string("\0\0", 2)) == "upstream_protocol");
}

TEST_CASE("ServiceAnswer: unknown fields as the profile says", "[grpc_service]") {
  const std::string message = Field(9, "a SECRET");
  CHECK(Pass({message}) == Frames({Field(9, "a <S>")}));
  AnswerOptions options;
  options.unknown_events = domain::UnknownEvents::kRefuse;
  CHECK(GetReason(Open("/chat.Chat/Stream", options)->Feed(Frames({message})).status()) ==
        kUnknownEvent);
}

TEST_CASE("ServiceAnswer: ids of tokens cannot be masked", "[grpc_service]") {
  const std::string message = Number(4, 7);
  const auto status = Open()->Feed(Frames({message})).status();
  CHECK(GetReason(status) == kUnknownEvent);
  CHECK(absl::StrContains(status.message(), "token_ids[0] has ids of tokens"));
  AnswerOptions none;
  none.by_profile = false;
  CHECK(Open("/chat.Chat/Stream", none)->Feed(Frames({message})).ok());
}

TEST_CASE("ServiceAnswer: only the connection's fields are texts", "[grpc_service]") {
  domain::Connection connection;
  connection.response_texts = {"choices.text"};
  AnswerOptions options;
  options.connection = &connection;
  auto answer = Open("/chat.Chat/Stream", options);
  const auto pieces = answer->Feed(Frames({Field(1, "id") + Field(2, Field(2, "t"))}));
  REQUIRE(pieces->size() == 1);
  CHECK((*pieces)[0].field == "choices[index 0].text");
}

}  // namespace
}  // namespace countersign::dialects::grpc_service
