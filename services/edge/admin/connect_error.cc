#include "services/edge/admin/connect_error.h"

#include <utility>

#include "absl/strings/string_view.h"
#include "libs/json/writer.h"

namespace countersign::edge::admin {
namespace {

// The statuses with which the edge itself refuses an RPC.
constexpr std::pair<int, absl::string_view> kConnectCodes[] = {
    {400, "invalid_argument"}, {401, "unauthenticated"},    {403, "permission_denied"},
    {404, "unimplemented"},    {413, "resource_exhausted"}, {429, "resource_exhausted"},
    {503, "unavailable"},
};

}  // namespace

std::string ConnectErrorBody(const dialects::CallerError& error) {
  absl::string_view code = "unknown";
  for (const auto& [http_status, connect_code] : kConnectCodes) {
    if (http_status == error.http_status) code = connect_code;
  }
  json::Writer out;
  out.BeginObject().Key("code").String(code).Key("message").String(error.message).EndObject();
  return out.str();
}

}  // namespace countersign::edge::admin
