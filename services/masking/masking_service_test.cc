#include "services/masking/masking_service.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "services/masking/local_masker.h"
#include "services/masking/masking_wire.h"

namespace countersign::masking {
namespace {

class OneCaller final : public rpc::CallerVerifier {
 public:
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    if (token != "good") return absl::UnauthenticatedError("no such token");
    return std::make_shared<const domain::Principal>();
  }
};

struct Fixture {
  metrics::Registry registry;
  MaskingMetrics metrics{registry};
  ProfileStore profiles{SecretString("key")};
  ThreadPool pool{1, 8};
  LocalMasker masker{profiles, pool, metrics};
  OneCaller callers;
  MaskingService service{masker, callers};
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::MaskingService::Stub> stub;

  Fixture() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    stub = v1::MaskingService::NewStub(server->InProcessChannel({}));
  }
  ~Fixture() { server->Shutdown(); }
};

// One call, as its client sees it.
class Call {
 public:
  explicit Call(Fixture& fixture, const std::string& token = "good") {
    if (!token.empty()) context_.AddMetadata(rpc::kInternalTokenKey, token);
    stream_ = fixture.stub->Mask(&context_);
  }

  bool Ask(const v1::MaskRequest& request) {
    return stream_->Write(request) && stream_->Read(&response);
  }
  bool Open(const std::string& profile = "tier1",
            v1::Direction direction = v1::DIRECTION_RESPONSE) {
    v1::MaskRequest request;
    request.mutable_open()->set_profile(profile);
    request.mutable_open()->set_direction(direction);
    return Ask(request);
  }
  bool Feed(const std::string& field, const std::string& text, bool end = false) {
    v1::MaskRequest request;
    v1::FieldPiece& piece = *request.add_pieces();
    piece.set_field(field);
    piece.set_text(text);
    piece.set_end(end);
    return Ask(request);
  }
  absl::Status Finish() {
    stream_->WritesDone();
    return rpc::FromGrpc(stream_->Finish());
  }

  v1::MaskResponse response;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::MaskRequest, v1::MaskResponse>> stream_;
};

TEST_CASE("MaskingService: one response per request, including the open", "[masking][rpc]") {
  Fixture fixture;
  Call call(fixture);
  REQUIRE(call.Open());
  CHECK(call.response.releases_size() == 0);
  REQUIRE(call.Feed("choices/0/content", "card 4111 1111 1111"));
  REQUIRE(call.response.releases_size() == 1);
  CHECK(call.response.releases(0).field() == "choices/0/content");
  CHECK(call.response.releases(0).text() == "card ");
  CHECK(call.response.releases(0).held() == 14);
  REQUIRE(call.Feed("choices/0/content", " 1111", true));
  const v1::FieldRelease& release = call.response.releases(0);
  CHECK(release.text() == "<CREDIT_CARD>");
  CHECK(release.held() == 0);
  REQUIRE(release.masked_size() == 1);
  CHECK(release.masked(0).entity() == "credit_card");
  CHECK(release.masked(0).original() == "4111 1111 1111 1111");
  CHECK(release.masked(0).end() == 13);
  CHECK(call.Finish().ok());
}

TEST_CASE("MaskingService: large pieces are masked", "[masking][rpc]") {
  Fixture fixture;
  Call call(fixture);
  REQUIRE(call.Open());
  REQUIRE(call.Feed("body", std::string(200'000, ' ') + "a@b.io", true));
  CHECK(call.response.releases(0).text().size() == 200'007);
  CHECK(call.Finish().ok());
}

TEST_CASE("MaskingService: an unknown profile is NOT_FOUND with its reason", "[masking][rpc]") {
  Fixture fixture;
  Call call(fixture);
  CHECK_FALSE(call.Open("missing"));
  const absl::Status status = call.Finish();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(GetReason(status) == "masking_profile_unknown");
}

TEST_CASE("MaskingService: the response to open carries unknownEvents", "[masking][rpc]") {
  Fixture fixture;
  auto set = std::make_shared<domain::ResourceSet>();
  set->masking_profiles["strict"].name = "strict";
  set->masking_profiles["strict"].unknown_events = domain::UnknownEvents::kRefuse;
  REQUIRE(fixture.profiles.Serve(set).ok());
  for (const char* profile : {"strict", "tier1", "none"}) {
    Call call(fixture);
    REQUIRE(call.Open(profile));
    CHECK(call.response.refuses_unknown_events() == (absl::string_view(profile) == "strict"));
    CHECK(call.Finish().ok());
  }
}

TEST_CASE("MaskingService: a call without a caller's token is UNAUTHENTICATED", "[masking][rpc]") {
  Fixture fixture;
  for (const char* token : {"", "bad"}) {
    Call call(fixture, token);
    CHECK_FALSE(call.Open());
    CHECK(call.Finish().code() == absl::StatusCode::kUnauthenticated);
  }
}

TEST_CASE("MaskingService: requests out of order or malformed are INVALID_ARGUMENT",
          "[masking][rpc]") {
  Fixture fixture;
  Call unopened(fixture);
  CHECK_FALSE(unopened.Feed("f", "x"));
  CHECK(unopened.Finish().code() == absl::StatusCode::kInvalidArgument);
  Call twice(fixture);
  REQUIRE(twice.Open());
  CHECK_FALSE(twice.Open());
  CHECK(twice.Finish().code() == absl::StatusCode::kInvalidArgument);
  Call sideways(fixture);
  CHECK_FALSE(sideways.Open("tier1", v1::DIRECTION_UNSPECIFIED));
  CHECK(sideways.Finish().code() == absl::StatusCode::kInvalidArgument);
  Call nameless(fixture);
  REQUIRE(nameless.Open());
  CHECK_FALSE(nameless.Feed("", "x"));
  CHECK(nameless.Finish().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("MaskingService: text beyond the limit is RESOURCE_EXHAUSTED", "[masking][rpc]") {
  Fixture fixture;
  auto set = std::make_shared<domain::ResourceSet>();
  domain::MaskingProfile profile;
  profile.name = "p";
  profile.response.emplace_back().pattern = "a+b";
  set->masking_profiles["p"] = profile;
  REQUIRE(fixture.profiles.Serve(set).ok());
  Call call(fixture);
  REQUIRE(call.Open("p"));
  CHECK_FALSE(call.Feed("f", std::string(100'000, 'a')));
  const absl::Status status = call.Finish();
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(GetReason(status) == "masking_limit");
}

TEST_CASE("MaskingService: a cancelled call ends its stream", "[masking][rpc]") {
  Fixture fixture;
  {
    Call call(fixture);
    REQUIRE(call.Open());
    REQUIRE(call.Feed("f", "4111"));
  }
  fixture.server->Shutdown();
  CHECK(fixture.registry.Expose().find("countersign_masking_streams_open 0") != std::string::npos);
}

TEST_CASE("PiecesFromProto: pieces in their order, with their text and end", "[masking]") {
  v1::MaskRequest request;
  v1::FieldPiece* piece = request.add_pieces();
  piece->set_field("choices/0/content");
  piece->set_text("some text");
  piece = request.add_pieces();
  piece->set_field("choices/1/content");
  piece->set_end(true);
  const auto pieces = PiecesFromProto(request);
  REQUIRE(pieces.ok());
  REQUIRE(pieces->size() == 2);
  CHECK((*pieces)[0].field == "choices/0/content");
  CHECK((*pieces)[0].text == "some text");
  CHECK_FALSE((*pieces)[0].end);
  CHECK((*pieces)[1].field == "choices/1/content");
  CHECK((*pieces)[1].text.empty());
  CHECK((*pieces)[1].end);
  v1::MaskRequest none;
  CHECK(PiecesFromProto(none)->empty());
}

TEST_CASE("PiecesFromProto: one piece without a field refuses the request", "[masking]") {
  v1::MaskRequest request;
  request.add_pieces()->set_field("a");
  request.add_pieces()->set_text("text");
  CHECK(absl::IsInvalidArgument(PiecesFromProto(request).status()));
}

TEST_CASE("KnownFromProto: placeholders in their order", "[masking]") {
  v1::MaskOpen open;
  CHECK(KnownFromProto(open).empty());
  for (const char* token : {"<A:1>", "<A:2>"}) {
    v1::Placeholder* known = open.add_known();
    known->set_token(token);
    known->set_original(std::string("original of ") + token);
  }
  const auto known = KnownFromProto(open);
  REQUIRE(known.size() == 2);
  CHECK(known[0].token == "<A:1>");
  CHECK(known[1].original == "original of <A:2>");
}

class SilentStream final : public domain::MaskStream {
 public:
  explicit SilentStream(domain::UnknownEvents unknown) : unknown_(unknown) {}
  void Feed(std::vector<domain::FieldPiece>, absl::Time,
            domain::Done<std::vector<domain::FieldRelease>>) override {}
  domain::UnknownEvents unknown_events() const override { return unknown_; }

 private:
  const domain::UnknownEvents unknown_;
};

TEST_CASE("OpenedToProto: says whether the profile refuses unknown events", "[masking]") {
  CHECK(OpenedToProto(SilentStream(domain::UnknownEvents::kRefuse)).refuses_unknown_events());
  CHECK_FALSE(OpenedToProto(SilentStream(domain::UnknownEvents::kMask)).refuses_unknown_events());
}

TEST_CASE("ToProto: one release per field, with everything that was found", "[masking]") {
  domain::FieldRelease first;
  first.text = "see <SSN>";
  first.held_after = 12;
  first.masked = {{4, 9, "us_ssn", "078-05-1120", 104, 115}};
  first.placeholders = {{"<A:1>", "alice"}};
  domain::FieldRelease second;
  second.restored = true;
  const v1::MaskResponse response = ToProto({"a", "b"}, {first, second});
  REQUIRE(response.releases_size() == 2);
  const v1::FieldRelease& one = response.releases(0);
  CHECK(one.field() == "a");
  CHECK(one.text() == "see <SSN>");
  CHECK(one.held() == 12);
  CHECK_FALSE(one.restored());
  REQUIRE(one.masked_size() == 1);
  CHECK(one.masked(0).begin() == 4);
  CHECK(one.masked(0).end() == 9);
  CHECK(one.masked(0).entity() == "us_ssn");
  CHECK(one.masked(0).original() == "078-05-1120");
  CHECK(one.masked(0).in_begin() == 104);
  CHECK(one.masked(0).in_end() == 115);
  REQUIRE(one.placeholders_size() == 1);
  CHECK(one.placeholders(0).token() == "<A:1>");
  CHECK(one.placeholders(0).original() == "alice");
  CHECK(response.releases(1).field() == "b");
  CHECK(response.releases(1).restored());
  CHECK(response.releases(1).masked_size() == 0);
}

}  // namespace
}  // namespace countersign::masking
