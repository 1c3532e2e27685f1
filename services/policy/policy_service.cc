#include "services/policy/policy_service.h"

#include <memory>
#include <utility>

#include "libs/rpc/handler.h"
#include "libs/wire/decision_wire.h"
#include "libs/wire/enum_wire.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::policy {

grpc::ServerUnaryReactor* PolicyService::Decide(grpc::CallbackServerContext* context,
                                                const v1::DecideRequest* request,
                                                v1::DecideResponse* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    auto caller = rpc::VerifyCaller(*context, callers_);
    if (!caller.ok()) return finish(caller.status());
    domain::Call call;
    call.principal = *std::move(caller);
    domain::DecisionRequest asked;
    asked.connection = request->connection();
    asked.prompt = std::make_shared<const domain::Prompt>(wire::FromProto(request->prompt()));
    if (request->verdict_before() != v1::VERDICT_UNSPECIFIED) {
      asked.verdict_before = wire::FromProto(request->verdict_before());
    }
    decider_.Decide(
        call, std::move(asked), rpc::GetDeadline(*context),
        [response, finish = std::move(finish)](absl::StatusOr<domain::Decision> decision) mutable {
          if (decision.ok()) *response = wire::ToProto(*decision);
          finish(decision.status());
        });
  });
}

}  // namespace countersign::policy
