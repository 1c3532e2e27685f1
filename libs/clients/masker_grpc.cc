#include "libs/clients/masker_grpc.h"

#include <map>
#include <utility>

#include "countersign/masking/v1/masking.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/clients/call_group.h"
#include "libs/clients/ordered_stream.h"
#include "libs/wire/enum_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::masking::v1;
using Stream = OrderedStream<v1::MaskRequest, v1::MaskResponse>;
using Releases = std::vector<domain::FieldRelease>;

absl::Status NotUnderstood() {
  return absl::InternalError("masking's answer does not fit its request");
}

// The bytes that each field holds back; a release reports the value before and after its piece.
using Held = std::map<std::string, std::size_t>;

absl::StatusOr<domain::FieldRelease> ToRelease(v1::FieldRelease proto, Held& held) {
  domain::FieldRelease release;
  release.text = std::move(*proto.mutable_text());
  release.held_before = held[proto.field()];
  release.held_after = proto.held();
  held[proto.field()] = proto.held();
  for (v1::MaskedSpan& span : *proto.mutable_masked()) {
    if (span.begin() > span.end() || span.end() > release.text.size()) return NotUnderstood();
    release.masked.push_back({span.begin(), span.end(), std::move(*span.mutable_entity()),
                              std::move(*span.mutable_original()), span.in_begin(), span.in_end()});
  }
  for (v1::Placeholder& each : *proto.mutable_placeholders()) {
    release.placeholders.push_back(
        {std::move(*each.mutable_token()), std::move(*each.mutable_original())});
  }
  release.restored = proto.restored();
  for (std::string& each : *proto.mutable_unanalyzed()) {
    release.unanalyzed.push_back(std::move(each));
  }
  return release;
}

absl::StatusOr<Releases> ToReleases(v1::MaskResponse response,
                                    const std::vector<std::string>& fields, Held& held) {
  if (static_cast<std::size_t>(response.releases_size()) != fields.size()) return NotUnderstood();
  Releases releases;
  releases.reserve(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    v1::FieldRelease& proto = *response.mutable_releases(static_cast<int>(i));
    if (proto.field() != fields[i]) return NotUnderstood();
    CS_ASSIGN_OR_RETURN(domain::FieldRelease release, ToRelease(std::move(proto), held));
    releases.push_back(std::move(release));
  }
  return releases;
}

class GrpcMaskStream final : public domain::MaskStream {
 public:
  GrpcMaskStream(std::shared_ptr<Stream> stream, domain::UnknownEvents unknown_events)
      : stream_(std::move(stream)),
        unknown_events_(unknown_events),
        held_(std::make_shared<Held>()) {}
  ~GrpcMaskStream() override { stream_->HalfClose(); }

  void Feed(std::vector<domain::FieldPiece> pieces, absl::Time deadline,
            domain::Done<Releases> done) override {
    v1::MaskRequest request;
    std::vector<std::string> fields;
    for (domain::FieldPiece& piece : pieces) {
      fields.push_back(piece.field);
      v1::FieldPiece* proto = request.add_pieces();
      proto->set_field(std::move(piece.field));
      proto->set_text(std::move(piece.text));
      proto->set_end(piece.end);
    }
    stream_->Send(
        std::move(request), deadline,
        [weak = std::weak_ptr<Held>(held_), fields = std::move(fields),
         done = std::move(done)](absl::StatusOr<v1::MaskResponse> response) mutable {
          const std::shared_ptr<Held> held = weak.lock();
          if (held == nullptr) return;  // The stream was destroyed.
          done(response.ok() ? ToReleases(*std::move(response), fields, *held) : response.status());
        });
  }

  domain::UnknownEvents unknown_events() const override { return unknown_events_; }

 private:
  const std::shared_ptr<Stream> stream_;
  const domain::UnknownEvents unknown_events_;
  // One Feed at a time, so this needs no lock.
  const std::shared_ptr<Held> held_;
};

// Profile "none" changes nothing, so no other process is needed.
class UnmaskedStream final : public domain::MaskStream {
 public:
  void Feed(std::vector<domain::FieldPiece> pieces, absl::Time,
            domain::Done<Releases> done) override {
    Releases releases;
    releases.reserve(pieces.size());
    for (domain::FieldPiece& piece : pieces) releases.push_back({std::move(piece.text), 0, 0, {}});
    done(std::move(releases));
  }
};

}  // namespace

struct GrpcMasker::State {
  std::unique_ptr<v1::MaskingService::Stub> stub;
};

GrpcMasker::GrpcMasker(const std::shared_ptr<grpc::Channel>& masking)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::MaskingService::NewStub(masking);
}
GrpcMasker::~GrpcMasker() = default;

void GrpcMasker::Open(const domain::Call& call, domain::MaskStreamOptions options,
                      absl::Time deadline, domain::Done<std::unique_ptr<domain::MaskStream>> done) {
  if (options.profile == "none") return done(std::make_unique<UnmaskedStream>());
  auto stream = Stream::Open(
      [&](grpc::ClientContext& context) { AddIdentity(context, call); },
      [&](auto* context, auto* reactor) { state_->stub->async()->Mask(context, reactor); });
  v1::MaskRequest request;
  request.mutable_open()->set_profile(std::move(options.profile));
  request.mutable_open()->set_connection(std::move(options.connection));
  request.mutable_open()->set_direction(wire::ToProto(options.direction));
  for (domain::Placeholder& each : options.known) {
    v1::Placeholder& proto = *request.mutable_open()->add_known();
    proto.set_token(std::move(each.token));
    proto.set_original(std::move(each.original));
  }
  Stream& opened = *stream;
  opened.Send(std::move(request), deadline,
              [stream = std::move(stream),
               done = std::move(done)](absl::StatusOr<v1::MaskResponse> response) mutable {
                if (!response.ok()) return done(response.status());
                const auto unknown_events = response->refuses_unknown_events()
                                                ? domain::UnknownEvents::kRefuse
                                                : domain::UnknownEvents::kMask;
                done(std::make_unique<GrpcMaskStream>(std::move(stream), unknown_events));
              });
}

}  // namespace countersign::clients
