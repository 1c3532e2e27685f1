#include "libs/dialects/kserve/rpc_answer.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/dialects/kserve/dialect.h"
#include "libs/dialects/kserve/testing/messages.h"
#include "libs/dialects/testing/literal_masking.h"

namespace countersign::dialects::kserve {
namespace {

using testing::Bytes;
using testing::Element;
using testing::Frame;
using testing::Model;
using testing::Number;
using testing::Parameter;
using testing::Tensor;
using testing::Text;

constexpr char kInfer[] = "/inference.GRPCInferenceService/ModelInfer";
constexpr char kStream[] = "/inference.GRPCInferenceService/ModelStreamInfer";
const HeaderList kOk = {{"grpc-status", "0"}};

// One answer, read and masked.
struct Answer {
  explicit Answer(const char* path, AnswerHead head = {200, "application/grpc"},
                  AnswerOptions options = {}) {
    ReadCall call;
    call.upstream_path = path;
    call.rpc = true;
    reader = KserveDialect().OpenAnswer(call, head, options);
  }

  absl::Status Take(absl::StatusOr<std::vector<domain::FieldPiece>> pieces) {
    if (!pieces.ok()) return pieces.status();
    auto released = reader->Release(masking.Apply(*pieces));
    if (!released.ok()) return released.status();
    for (Delivery& delivery : *released) {
      bytes += delivery.bytes;
      if (delivery.is_final) trailers = delivery.trailers;
      for (const OutputText& text : delivery.output) output += text.text;
    }
    return absl::OkStatus();
  }
  absl::Status Feed(const std::string& frames) { return Take(reader->Feed(frames)); }
  absl::Status Finish(const HeaderList& with) {
    reader->AddTrailers(with);
    return Take(reader->Finish());
  }

  dialects::testing::LiteralMasking masking;
  std::unique_ptr<AnswerReader> reader;
  std::string bytes, output;
  HeaderList trailers;
};

std::string Response(const std::string& fields) { return Frame(Bytes(2, fields)); }
std::string Piece(absl::string_view text) {
  return Response(Model("llm", "r-1") + Text("text_output", text));
}

TEST_CASE("KServe answer: texts are masked in both forms, lengths are written anew", "[kserve]") {
  Answer answer(kInfer);
  const std::string numbers = Tensor("n", "FP32", {1}, Bytes(6, "abcd"));
  CHECK(answer.Feed(Frame(Model("llm") + numbers + Text("t", "a SECRET b"))).ok());
  CHECK(answer.Finish(kOk).ok());
  CHECK(answer.bytes == Frame(Model("llm") + numbers + Text("t", "a <S> b")));
  CHECK(answer.trailers == kOk);
  CHECK(answer.output == "a <S> b");

  Answer raw(kInfer);
  const std::string head = Model("llm") + Tensor("t", "BYTES", {2});
  CHECK(raw.Feed(Frame(head + Bytes(6, Element("SECRET") + Element("b")))).ok());
  CHECK(raw.bytes == Frame(head + Bytes(6, Element("<S>") + Element("b"))));
}

TEST_CASE("KServe answer: a text that has passed whole is not asked about again", "[kserve]") {
  Answer answer(kStream);
  const auto ask = [&](absl::string_view id, absl::string_view text) {
    const auto pieces =
        answer.reader->Feed(Response(Model("llm", id) + Text("text_output", text))).value();
    std::string asked;
    for (const domain::FieldPiece& piece : pieces) asked += piece.text + ";";
    CHECK(answer.Take(pieces).ok());
    return asked;
  };
  CHECK(ask("r-1", "a") == "a;r-1;");
  CHECK(ask("r-1", "SEC") == "SEC;");
  CHECK(ask("SECRET", "RET") == "RET;SECRET;");
  CHECK(ask("SECRET", "b") == "b;SECRET;");
  CHECK(ask("r-1", "b") == "b;");
  CHECK(answer.Finish(kOk).ok());
  CHECK(answer.bytes == Piece("a") + Piece("") +
                            Response(Model("llm", "<S>") + Text("text_output", "<S>")) +
                            Response(Model("llm", "<S>") + Text("text_output", "b")) + Piece("b"));
}

TEST_CASE("KServe answer: an answer without a match passes byte for byte", "[kserve]") {
  // A length in more bytes than it needs, and a field twice.
  const std::string odd = Frame(Model("llm") + std::string("\x1a\x81\x00x", 4) + Bytes(3, "y"));
  Answer answer(kInfer);
  CHECK(answer.Feed(odd).ok());
  CHECK(answer.bytes == odd);
}

TEST_CASE("KServe answer: a text goes on from response to response, at every cut", "[kserve]") {
  const std::string text = "my SECRET is out";
  const std::string last =
      Response(Model("llm", "r-1") + Parameter("triton_final_response", Number(1, 1)));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Answer answer(kStream);
    CHECK(answer.Feed(Piece(text.substr(0, cut)) + Piece(text.substr(cut))).ok());
    CHECK(answer.Feed(last).ok());
    CHECK(answer.Finish(kOk).ok());
    CHECK(answer.output == "my <S> is out");
    CHECK(!absl::StrContains(answer.bytes, "SECRET"));
    CHECK(absl::EndsWith(answer.bytes, last));
  }
}

TEST_CASE("KServe answer: held text is sent before the response that ends it", "[kserve]") {
  const std::string last = Response(Parameter("triton_final_response", Number(1, 1)));
  Answer answer(kStream);
  CHECK(answer.Feed(Piece("a SEC")).ok());
  CHECK(answer.bytes == Piece("a "));
  CHECK(answer.Feed(last).ok());
  CHECK(answer.bytes == Piece("a ") + Piece("SEC") + last);

  Answer ended(kStream);
  CHECK(ended.Feed(Piece("a SEC")).ok());
  CHECK(ended.Finish(kOk).ok());
  CHECK(ended.bytes == Piece("a ") + Piece("SEC"));
}

TEST_CASE("KServe answer: errors in-band and in the status are texts", "[kserve]") {
  Answer answer(kStream);
  CHECK(answer.Feed(Frame(Bytes(1, "no SECRET here"))).ok());
  CHECK(answer.bytes == Frame(Bytes(1, "no <S> here")));
  CHECK(answer.reader->upstream_failed());

  Answer status(kInfer);
  CHECK(status
            .Finish({{"grpc-status", "3"},
                     {"grpc-message", "bad%20SECRET"},
                     {"grpc-status-details-bin", "AAAA"},
                     {"x-secret", "SECRET"}})
            .ok());
  CHECK(status.trailers == HeaderList{{"grpc-status", "3"}, {"grpc-message", "bad <S>"}});
  CHECK(status.reader->upstream_failed());
}

TEST_CASE("KServe answer: a status in the head, without messages", "[kserve]") {
  const HeaderList headers = {{"content-type", "application/grpc"}, {"grpc-status", "5"}};
  Answer answer(kInfer, {200, "application/grpc", &headers});
  CHECK(answer.Finish({}).ok());
  CHECK(answer.trailers == HeaderList{{"grpc-status", "5"}});
}

TEST_CASE("KServe answer: what is no answer of gRPC is refused with its reason", "[kserve]") {
  const auto reason = [](const absl::Status& status) { return GetReason(status); };
  CHECK(reason(Answer(kInfer, {503, "text/html"}).Feed("<html>")) == "upstream_protocol");
  CHECK(reason(Answer(kInfer, {200, "application/json"}).Finish({})) == "upstream_protocol");
  CHECK(reason(Answer(kInfer).Finish({})) == "upstream_protocol");
  CHECK(reason(Answer(kInfer).Finish({{"grpc-status", "99"}})) == "upstream_protocol");
  CHECK(reason(Answer(kInfer).Finish({{"grpc-status", "16"}})) == "upstream_auth");
  CHECK(reason(Answer(kInfer).Finish({{"grpc-status", "7"}})) == "upstream_auth");
  CHECK(reason(Answer(kInfer).Feed(grpc_wire::EncodeFrame(1, "x"))) == "upstream_protocol");
  CHECK(reason(Answer(kInfer).Feed(Frame("\xff"))) == "upstream_protocol");
  CHECK(reason(Answer(kInfer).Feed(Frame(Tensor("t", "BYTES", {2}, Bytes(8, "x"))))) ==
        "upstream_protocol");
  Answer cut(kInfer);
  CHECK(cut.Feed(Frame(Text("t", "x")).substr(0, 7)).ok());
  CHECK(reason(cut.Finish(kOk)) == "upstream_protocol");
  AnswerOptions small;
  small.max_event_bytes = 4;
  CHECK(reason(Answer(kInfer, {200, "application/grpc"}, small).Feed(Frame(Text("t", "x")))) ==
        "upstream_protocol");
}

TEST_CASE("KServe answer: metadata describes tensors, and has none", "[kserve]") {
  const std::string output = Bytes(5, Bytes(1, "out") + Bytes(2, "TYPE_SECRET") + Number(3, ~0ull));
  Answer answer("/inference.GRPCInferenceService/ModelMetadata");
  CHECK(answer.Feed(Frame(Bytes(1, "llm") + output)).ok());
  CHECK(answer.bytes == Frame(Bytes(1, "llm") +
                              Bytes(5, Bytes(1, "out") + Bytes(2, "TYPE_<S>") + Number(3, ~0ull))));
}

TEST_CASE("KServe answer: unknown fields are masked, or refused as the profile says", "[kserve]") {
  const std::string unknown = Frame(Model("llm") + Bytes(15, "SECRET"));
  Answer masked(kInfer);
  CHECK(masked.Feed(unknown).ok());
  CHECK(masked.bytes == Frame(Model("llm") + Bytes(15, "<S>")));
  AnswerOptions strict;
  strict.unknown_events = domain::UnknownEvents::kRefuse;
  Answer refused(kInfer, {200, "application/grpc"}, strict);
  CHECK(GetReason(refused.Feed(unknown)) == kUnknownEvent);
}

TEST_CASE("KServe answer: a failure in a stream has the request's id", "[kserve]") {
  CHECK(WriteStreamFailure(Model("llm", "r-9") + Text("t", "x"), "no") ==
        Bytes(1, "no") + Bytes(2, Bytes(3, "r-9")));
  CHECK(WriteStreamFailure("", "no") == Bytes(1, "no"));
}

}  // namespace
}  // namespace countersign::dialects::kserve
