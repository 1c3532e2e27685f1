#include "services/cli/sessions/session_pages.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "services/cli/output/output.h"

namespace countersign::cli::sessions {

absl::Status ForEachPageOfSession(GatewayClient& gateway, const std::string& id,
                                  const std::function<absl::Status(json::Value page)>& use) {
  std::int64_t after = 0;
  for (bool more = true; more;) {
    json::Writer request;
    request.BeginObject().Key("id").String(id).Key("afterIndex").Int(after).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document page, gateway.Call(kGetSession, request.str()));
    CS_RETURN_IF_ERROR(use(page.root()));
    const json::Value events = page.root()["events"];
    more = page.root()["more"].boolean().value_or(false) && events.size() > 0;
    if (!more) break;
    const std::int64_t last = events.at(events.size() - 1)["index"].integer().value_or(after);
    if (last <= after) {
      return absl::InternalError(
          "the gateway gives the same events again; the session is not complete");
    }
    after = last;
  }
  return absl::OkStatus();
}

absl::StatusOr<json::Document> GetWhole(GatewayClient& gateway, const std::string& id) {
  std::string events;
  std::string head;
  CS_RETURN_IF_ERROR(ForEachPageOfSession(gateway, id, [&](json::Value page) {
    head = output::ToJson(page["session"]);
    const json::Value list = page["events"];
    for (std::size_t i = 0; i < list.size(); ++i) {
      absl::StrAppend(&events, events.empty() ? "" : ",", output::ToJson(list.at(i)));
    }
    return absl::OkStatus();
  }));
  return json::Document::Parse(absl::StrCat("{\"session\":", head, ",\"events\":[", events, "]}"),
                               {256u << 20, 64});
}

}  // namespace countersign::cli::sessions
