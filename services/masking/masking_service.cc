#include "services/masking/masking_service.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/status.h"
#include "libs/wire/enum_wire.h"
#include "services/masking/masking_wire.h"

namespace countersign::masking {
namespace {

// Reads a request, answers it, then reads the next. At most one operation is outstanding, so it
// needs no lock; it finishes only when none is.
class MaskCall final : public grpc::ServerBidiReactor<v1::MaskRequest, v1::MaskResponse> {
 public:
  MaskCall(domain::Masker& masker, absl::StatusOr<std::shared_ptr<const domain::Principal>> caller)
      : masker_(masker) {
    if (caller.ok()) {
      call_.principal = *std::move(caller);
      StartRead(&request_);
    } else {
      Fail(caller.status());
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    if (request_.has_open() == (stream_ != nullptr)) {
      return Fail(absl::InvalidArgumentError(
          "the first request, and only the first, must open the stream"));
    }
    stream_ == nullptr ? Open() : Feed();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  void Open() {
    v1::MaskOpen& open = *request_.mutable_open();
    const auto direction = wire::FromProto(open.direction());
    if (!direction.ok()) return Fail(direction.status());
    masker_.Open(call_, {open.profile(), open.connection(), *direction, KnownFromProto(open)},
                 absl::InfiniteFuture(),
                 [this](absl::StatusOr<std::unique_ptr<domain::MaskStream>> stream) {
                   if (!stream.ok()) return Fail(stream.status());
                   stream_ = *std::move(stream);
                   Answer(OpenedToProto(*stream_));
                 });
  }

  void Feed() {
    auto pieces = PiecesFromProto(request_);
    if (!pieces.ok()) return Fail(pieces.status());
    std::vector<std::string> fields;
    for (const domain::FieldPiece& piece : *pieces) fields.push_back(piece.field);
    stream_->Feed(*std::move(pieces), absl::InfiniteFuture(),
                  [this, fields = std::move(fields)](
                      absl::StatusOr<std::vector<domain::FieldRelease>> releases) {
                    if (!releases.ok()) return Fail(releases.status());
                    Answer(ToProto(fields, *std::move(releases)));
                  });
  }

  void Answer(v1::MaskResponse response) {
    response_ = std::move(response);
    StartWrite(&response_);
  }

  void Fail(const absl::Status& status) { Finish(rpc::ToGrpc(status)); }

  domain::Masker& masker_;
  domain::Call call_;
  v1::MaskRequest request_;
  v1::MaskResponse response_;
  std::unique_ptr<domain::MaskStream> stream_;
};

}  // namespace

grpc::ServerBidiReactor<v1::MaskRequest, v1::MaskResponse>* MaskingService::Mask(
    grpc::CallbackServerContext* context) {
  return new MaskCall(masker_, rpc::VerifyCaller(*context, callers_));
}

}  // namespace countersign::masking
