#include "services/session_recorder/api/session_service.h"

#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/rpc/handler.h"
#include "services/session_recorder/api/recorder_wire.h"
#include "services/session_recorder/recorder_errors.h"

namespace countersign::session_recorder::api {

namespace v1 = recorder::v1;

absl::StatusOr<exports::ExportReader> SessionService::Auditor(
    const grpc::CallbackServerContext& context) const {
  CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(context, callers_));
  exports::ExportReader auditor;
  auditor.who = LengthPrefixed().Add(caller->issuer).Add(caller->subject).bytes();
  CS_ASSIGN_OR_RETURN(auditor.connections, audit::ReadableConnections(*caller));
  return auditor;
}

absl::Status SessionService::MayTouch(const std::string& id,
                                      const exports::ExportReader& auditor) const {
  CS_ASSIGN_OR_RETURN(const SessionRow row, reader_.Find(id));
  const auto& allowed = auditor.connections;
  if (allowed && allowed->count(row.summary.connection) == 0) return AuditorOnlyError();
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* SessionService::ListSessions(grpc::CallbackServerContext* context,
                                                       const v1::ListSessionsRequest* request,
                                                       v1::ListSessionsResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(exports::ExportReader auditor, Auditor(*context));
    CS_ASSIGN_OR_RETURN(audit::SessionReader::Query query, FromProto(*request));
    query.who = std::move(auditor.who);
    query.filter.connections = std::move(auditor.connections);
    CS_ASSIGN_OR_RETURN(const audit::SessionReader::Page page, reader_.List(std::move(query)));
    *response = ToProto(page);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* SessionService::GetSession(grpc::CallbackServerContext* context,
                                                     const v1::GetSessionRequest* request,
                                                     v1::GetSessionResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const exports::ExportReader auditor, Auditor(*context));
    CS_RETURN_IF_ERROR(MayTouch(request->id(), auditor));
    CS_ASSIGN_OR_RETURN(const audit::SessionReader::Detail detail,
                        reader_.Get(request->id(), request->after_index(), request->max_events()));
    *response = ToProto(detail);
    return absl::OkStatus();
  });
}

absl::StatusOr<rpc::StreamPage<v1::TailSessionResponse>> SessionService::ReadTail(
    const std::string& id, std::uint32_t& after, bool first) const {
  CS_ASSIGN_OR_RETURN(const audit::SessionReader::Detail detail, reader_.Get(id, after, 0));
  v1::GetSessionResponse read = ToProto(detail);
  rpc::StreamPage<v1::TailSessionResponse> page;
  page.more = detail.more;
  page.ended = read.session().has_outcome() && !detail.more;
  if (!detail.events.empty()) after = detail.events.back().index;
  if (first || page.ended || !detail.events.empty()) {
    v1::TailSessionResponse& response = page.responses.emplace_back();
    response.mutable_session()->Swap(read.mutable_session());
    response.mutable_events()->Swap(read.mutable_events());
  }
  return page;
}

grpc::ServerWriteReactor<v1::TailSessionResponse>* SessionService::TailSession(
    grpc::CallbackServerContext* context, const v1::TailSessionRequest* request) {
  using Page = absl::StatusOr<rpc::StreamPage<v1::TailSessionResponse>>;
  return rpc::StreamPages<v1::TailSessionResponse>(
      {pool_, tails_, tail_interval_}, context,
      [=, this, slot = rpc::StreamSlots::CallerSlot(),
       after = request->after_index()]() mutable -> Page {
        const bool first = slot == nullptr;
        if (first) {
          CS_ASSIGN_OR_RETURN(const exports::ExportReader auditor, Auditor(*context));
          CS_RETURN_IF_ERROR(MayTouch(request->id(), auditor));
          CS_ASSIGN_OR_RETURN(slot, tails_.TakeFor(auditor.who));
        }
        return ReadTail(request->id(), after, first);
      });
}

grpc::ServerUnaryReactor* SessionService::ExportSessions(grpc::CallbackServerContext* context,
                                                         const v1::ExportSessionsRequest* request,
                                                         v1::ExportSessionsResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const exports::ExportReader auditor, Auditor(*context));
    auto page = request->page_token().empty()
                    ? exporter_.Begin({request->ids().begin(), request->ids().end()}, auditor)
                    : exporter_.Next(request->page_token(), auditor);
    CS_RETURN_IF_ERROR(page.status());
    response->set_lines(std::move(page->bytes));
    response->set_next_page_token(page->next_page_token);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* SessionService::KillSession(grpc::CallbackServerContext* context,
                                                      const v1::KillSessionRequest* request,
                                                      v1::KillSessionResponse* response) {
  return rpc::FinishOn(pool_, context, [=, this]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const exports::ExportReader auditor, Auditor(*context));
    CS_RETURN_IF_ERROR(MayTouch(request->id(), auditor));
    CS_ASSIGN_OR_RETURN(const bool was_running, sessions_.Kill(request->id()));
    response->set_id(request->id());
    response->set_was_running(was_running);
    return absl::OkStatus();
  });
}

}  // namespace countersign::session_recorder::api
