#include "services/edge/ext_proc/proxied_caller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/edge/call/headers/header_rules.h"

namespace countersign::edge::ext_proc {

async::Awaitable<absl::StatusOr<std::string>> ProxiedCaller::ReadPiece(absl::Duration /*timeout*/) {
  co_return absl::UnimplementedError("a proxied call is read as a whole");
}

async::Awaitable<absl::Status> ProxiedCaller::Begin(call::ReplyHead head) {
  exchange_.Begin(std::move(head));
  co_return absl::OkStatus();
}

async::Awaitable<absl::Status> ProxiedCaller::Finish(dialects::HeaderList /*trailers*/) {
  return exchange_.Finish();
}

async::Awaitable<void> ProxiedCaller::OnDecided(const std::string& /*session_id*/,
                                                const domain::Decision& /*decision*/) {
  co_return;
}

async::Awaitable<void> ProxiedCaller::OnHeld(const Hold& /*hold*/) {
  if (hold_ > absl::ZeroDuration()) co_await exchange_.AskForTime(hold_);
}

async::Awaitable<void> ProxiedCaller::OnApproved(const std::string& /*review_id*/,
                                                 const std::vector<std::string>& /*approvers*/) {
  co_return;
}

call::RequestHead MakeRequestHead(const ProxyMessage& message, absl::string_view connection,
                                  const std::string& address) {
  const absl::string_view target = call::headers::FindHeader(message.headers, ":path");
  const std::size_t question = std::min(target.find('?'), target.size());
  call::RequestHead head;
  head.method = std::string(call::headers::FindHeader(message.headers, ":method"));
  if (!connection.empty()) head.path = absl::StrCat("/", connection);
  absl::StrAppend(&head.path, target.substr(0, question));
  if (question < target.size()) head.query = std::string(target.substr(question + 1));
  head.headers.emplace_back("host", call::headers::FindHeader(message.headers, ":authority"));
  for (const auto& [name, value] : message.headers) {
    if (!absl::StartsWith(name, ":") && name != "host") head.headers.emplace_back(name, value);
  }
  head.client_address = message.source_address.empty() ? address : message.source_address;
  return head;
}

}  // namespace countersign::edge::ext_proc
