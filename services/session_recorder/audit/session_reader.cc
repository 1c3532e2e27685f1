#include "services/session_recorder/audit/session_reader.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/domain/event_payload.h"
#include "services/session_recorder/audit/answer_text.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/recorder_errors.h"

namespace countersign::session_recorder::audit {
namespace {

constexpr std::size_t kDefaultPage = 50, kMaxPage = 500;
constexpr std::size_t kBatchBytes = 4u << 20;  // of events, read at once
constexpr std::size_t kDefaultEvents = 1000, kAnswerBytes = 1u << 20;
// A search request opens at most this much, then returns what it has found so far.
constexpr std::size_t kSearchBytes = 64u << 20, kSearchSessions = 2000;

// The parameters that all pages must share: the caller, its scope, and the query. Not the times:
// "the last hour" is different for the next page.
std::string MakeScope(const SessionReader::Query& query) {
  const store::SessionFilter& filter = query.filter;
  LengthPrefixed scope;
  scope.Add("sessions").Add(query.who).Add(std::uint64_t{filter.connections.has_value()});
  if (filter.connections) {
    scope.Add(filter.connections->size());
    for (const std::string& connection : *filter.connections) scope.Add(connection);
  }
  scope.Add(filter.identity).Add(filter.connection);
  scope.Add(filter.outcome ? domain::ToString(*filter.outcome) : "any");
  return scope.Add(query.text).bytes();
}

std::string MakePosition(const SessionRow& last) {
  return absl::StrCat(absl::ToUnixNanos(last.started_at), " ", last.id);
}

absl::Status GoOnAfter(const std::string& place, store::SessionFilter& filter) {
  if (place.empty()) return absl::OkStatus();
  std::int64_t nanos = 0;
  const std::vector<std::string> words = absl::StrSplit(place, ' ');
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &nanos) || !IsSessionId(words[1])) {
    return absl::InternalError("a page token has no position");
  }
  filter.before_time = absl::FromUnixNanos(nanos);
  filter.before_id = words[1];
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<std::set<std::string>>> ReadableConnections(
    const domain::Principal& auditor) {
  std::optional<std::set<std::string>> connections(std::in_place);
  bool is_auditor = false;
  for (const domain::RoleGrant& grant : auditor.roles) {
    if (grant.role != domain::Role::kAuditor) continue;
    is_auditor = true;
    if (grant.connections.empty()) return std::optional<std::set<std::string>>();
    connections->insert(grant.connections.begin(), grant.connections.end());
  }
  if (!is_auditor) return AuditorOnlyError();
  return connections;
}

namespace {

// Looks for a text in sessions of one listing, in its order. Reads the events of many at once.
class TextSearch {
 public:
  TextSearch(store::RecordStore& store, chain::KeyRing& keys, const std::string& text,
             const std::vector<SessionRow>& rows)
      : store_(store), keys_(keys), text_(text), rows_(rows) {}

  // Whether `rows[place]` has it. REQUIRES: places are asked for in order.
  absl::StatusOr<bool> Has(std::size_t place) {
    const SessionRow& row = rows_[place];
    CS_ASSIGN_OR_RETURN(const SecretString key, keys_.Unwrap(row.id, row.data_key));
    if (place >= batch_begin_ + batch_.size()) CS_RETURN_IF_ERROR(LoadBatch(place));
    AnswerText answer;
    if (place < batch_begin_ + batch_.size()) {
      CS_ASSIGN_OR_RETURN(const bool in_prompt,
                          Add(row, key, batch_[place - batch_begin_], answer));
      return in_prompt || answer.Contains(text_);
    }
    for (std::uint32_t after = 0; after < row.head.index;) {
      CS_ASSIGN_OR_RETURN(const auto events,
                          store_.Events(row, after, kDefaultEvents, kAnswerBytes));
      if (events.empty()) break;
      after = events.back().index;
      CS_ASSIGN_OR_RETURN(const bool in_prompt, Add(row, key, events, answer));
      if (in_prompt) return true;
    }
    return answer.Contains(text_);
  }

  std::size_t bytes() const { return bytes_; }  // that were opened so far

 private:
  absl::Status LoadBatch(std::size_t place) {
    const std::vector<SessionRow> rest(rows_.begin() + static_cast<std::ptrdiff_t>(place),
                                       rows_.end());
    CS_ASSIGN_OR_RETURN(batch_, store_.WholeSessions(rest, kBatchBytes));
    batch_begin_ = place;
    return absl::OkStatus();
  }

  // True when the prompt among `events` has the text; what was answered is added to `answer`.
  absl::StatusOr<bool> Add(const SessionRow& row, const SecretString& key,
                           const std::vector<SealedEvent>& events, AnswerText& answer) {
    for (const SealedEvent& event : events) {
      bytes_ += event.sealed.size();
      const bool is_request = event.type == domain::event_type::kRequest;
      if (!is_request && event.type != domain::event_type::kResponseData) continue;
      CS_ASSIGN_OR_RETURN(const std::string payload, chain::OpenPayload(key, row.id, event));
      if (is_request) {
        CS_ASSIGN_OR_RETURN(const domain::RequestRecord request,
                            domain::ReadRequestPayload(payload));
        for (const std::string& part : request.texts) {
          if (ContainsCaseless(part, text_)) return true;
        }
      } else {
        CS_ASSIGN_OR_RETURN(const std::string piece, domain::ReadResponseDataPayload(payload));
        answer.Add(piece);
      }
    }
    return false;
  }

  store::RecordStore& store_;
  chain::KeyRing& keys_;
  const std::string& text_;
  const std::vector<SessionRow>& rows_;
  std::vector<std::vector<SealedEvent>> batch_;  // of rows_ from batch_begin_ on
  std::size_t batch_begin_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<SessionReader::Page> SessionReader::List(Query query) {
  const std::string scope = MakeScope(query);
  CS_ASSIGN_OR_RETURN(const std::string place, tokens_.Read(scope, query.page_token));
  CS_RETURN_IF_ERROR(GoOnAfter(place, query.filter));
  const std::size_t size =
      query.page_size == 0 ? kDefaultPage : std::min(query.page_size, kMaxPage);
  // One more than fits tells whether there is a next page.
  const std::size_t rows_at_once = query.text.empty() ? size + 1 : kMaxPage;
  Page page;
  std::size_t bytes = 0;
  for (;;) {
    CS_ASSIGN_OR_RETURN(const auto rows, store_.List(query.filter, rows_at_once));
    TextSearch search(store_, keys_, query.text, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const SessionRow& row = rows[i];
      const bool is_full = page.rows.size() == size;
      if (is_full || bytes + search.bytes() > kSearchBytes || page.searched == kSearchSessions) {
        page.next_page_token = tokens_.Make(
            scope, MakePosition(is_full ? page.rows.back()
                                        : SessionRow{.id = query.filter.before_id,
                                                     .started_at = query.filter.before_time}));
        return page;
      }
      query.filter.before_time = row.started_at;
      query.filter.before_id = row.id;
      if (!query.text.empty()) {
        ++page.searched;
        page.searched_back_to = row.started_at;
        // A session whose key is gone has no text any more.
        const auto has_text = search.Has(i);
        if (absl::IsUnavailable(has_text.status())) return has_text.status();
        if (!has_text.ok() || !*has_text) continue;
      }
      page.rows.push_back(row);
    }
    if (rows.size() < rows_at_once) return page;
    bytes += search.bytes();
  }
}

absl::StatusOr<SessionRow> SessionReader::Find(const std::string& id) {
  if (!IsSessionId(id)) return SessionIdError();
  CS_ASSIGN_OR_RETURN(const auto row, store_.Find(id));
  if (!row.has_value()) return SessionUnknownError(id);
  return *row;
}

absl::StatusOr<SessionReader::Detail> SessionReader::Get(const std::string& id,
                                                         std::uint32_t after_index,
                                                         std::size_t max_events) {
  CS_ASSIGN_OR_RETURN(const SessionRow row, Find(id));
  const std::size_t limit = max_events == 0 ? kDefaultEvents : std::min(max_events, kDefaultEvents);
  CS_ASSIGN_OR_RETURN(const SecretString key, keys_.Unwrap(id, row.data_key));
  CS_ASSIGN_OR_RETURN(auto events, store_.Events(row, after_index, limit, kAnswerBytes));
  Detail detail{row, {}, false};
  for (SealedEvent& event : events) {
    CS_ASSIGN_OR_RETURN(std::string payload, chain::OpenPayload(key, id, event));
    if (!IsUtf8(payload)) payload = Base64UrlEncode(payload);
    detail.events.push_back(
        {event.index, std::move(event.type), event.at, std::move(payload), std::move(event.hash)});
  }
  detail.more = !detail.events.empty() && detail.events.back().index < row.head.index;
  return detail;
}

}  // namespace countersign::session_recorder::audit
