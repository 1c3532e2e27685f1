// A plain client of grpc++, as a C++ program would have it: calls the gateway and prints, for each
// call, its name, its status and what it got. Arguments: address, keys of a caller and a reviewer.

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "countersign/inference/v1/inference.grpc.pb.h"

namespace {

namespace approval = countersign::approval::v1;
namespace authn = countersign::authn::v1;
namespace inference = countersign::inference::v1;

class Client {
 public:
  Client(const std::string& address, std::string key) : key_(std::move(key)) {
    channel_ = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  }

  void AskWhoAmI() {
    grpc::ClientContext context;
    Prepare(context);
    authn::WhoAmIResponse answer;
    const auto stub = authn::IdentityService::NewStub(channel_);
    const grpc::Status status = stub->WhoAmI(&context, {}, &answer);
    Print("unary", status, answer.identity());
  }

  void Generate(const std::string& name, const std::string& text) {
    grpc::ClientContext context;
    Prepare(context);
    inference::GenerateRequest request;
    request.mutable_settings()->set_model("demo-1");
    inference::Message& message = *request.add_messages();
    message.set_role(inference::ROLE_USER);
    message.set_text(text);
    const auto stub = inference::Inference::NewStub(channel_);
    const auto reader = stub->Generate(&context, request);
    inference::GenerateResponse event;
    std::string got;
    while (reader->Read(&event)) got += event.text_delta().text();
    Print(name, reader->Finish(), got);
  }

  // Waits for reviews until the deadline, or leaves after the first answer.
  void Watch(const std::string& name, bool leaves) {
    grpc::ClientContext context;
    Prepare(context);
    if (!leaves) context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
    const auto stub = approval::ReviewService::NewStub(channel_);
    const auto reader = stub->WatchReviews(&context, {});
    approval::WatchReviewsResponse answer;
    std::string got;
    while (reader->Read(&answer)) {
      got = answer.resume_token().empty() ? "nothing" : "token";
      if (leaves) context.TryCancel();
    }
    Print(name, reader->Finish(), got);
  }

 private:
  void Prepare(grpc::ClientContext& context) const {
    context.AddMetadata("authorization", "Bearer " + key_);
  }

  static void Print(const std::string& name, const grpc::Status& status, const std::string& got) {
    std::cout << name << " " << status.error_code() << " " << got << std::endl;
  }

  const std::string key_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  constexpr std::size_t kTooLarge = 33 << 20;
  Client caller(argv[1], argv[2]);
  Client reviewer(argv[1], argv[3]);
  caller.AskWhoAmI();
  caller.Generate("stream", "the customer file");
  caller.Generate("denied", "about Project Nightfall");
  caller.Generate("large", std::string(kTooLarge, 'x'));
  reviewer.Watch("deadline", false);
  reviewer.Watch("cancel", true);
  return 0;
}
