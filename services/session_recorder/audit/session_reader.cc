#include "services/session_recorder/audit/session_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/domain/event_payload.h"
#include "services/session_recorder/audit/session_texts.h"
#include "services/session_recorder/audit/text_filter.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/recorder_errors.h"

namespace countersign::session_recorder::audit {
namespace {

constexpr std::size_t kDefaultPage = 50, kMaxPage = 500;
constexpr std::size_t kDefaultEvents = 1000, kAnswerBytes = 1u << 20;
// A search request opens at most this much, then returns what it has found so far.
constexpr std::size_t kSearchBytes = 64u << 20, kSearchSessions = 2000;
// And it looks at the filters of at most this many.
constexpr std::size_t kSearchFilters = 10'000;

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
  scope.Add(filter.identity).Add(filter.connection).Add(filter.model);
  scope.Add(filter.policy).Add(filter.review_id).Add(filter.approver);
  scope.Add(filter.operation).Add(filter.entity).Add(filter.min_tokens);
  scope.Add(static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(filter.min_duration)));
  scope.Add(filter.except_operations.size());
  for (const std::string& operation : filter.except_operations) scope.Add(operation);
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

// Looks for a text in the sessions of one listing, in its order. Opens only those whose filter does
// not rule it out.
class TextSearch {
 public:
  // Reads the filters of `rows`, which must outlive it.
  static absl::StatusOr<TextSearch> Begin(store::RecordStore& store, chain::KeyRing& keys,
                                          const std::string& text,
                                          const std::vector<SessionRow>& rows) {
    const TextNeedle needle(text);
    std::vector<std::string> filters(rows.size());
    if (needle.selective()) {
      CS_ASSIGN_OR_RETURN(filters, store.TextFilters(rows));
    }
    TextSearch search(store, text);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto key = keys.Unwrap(rows[i].id, rows[i].data_key);
      // A session whose key is gone has no text any more.
      if (!key.ok() || !needle.MayBeIn(filters[i], *key)) continue;
      search.places_.push_back(i);
      search.rows_->push_back(rows[i]);
      search.keys_.push_back(*std::move(key));
    }
    return search;
  }

  // True: `rows[place]` need not be opened, because it does not have the text.
  bool IsRuledOut(std::size_t place) const {
    return next_ == places_.size() || places_[next_] != place;
  }
  // Whether `rows[place]` has it. REQUIRES: asked in order, for all that are not ruled out.
  absl::StatusOr<bool> Has() {
    bool found = false;
    const std::size_t at = next_++;
    CS_RETURN_IF_ERROR(texts_.ForEach(at, keys_[at], [&](absl::string_view text) {
      found = ContainsCaseless(text, text_);
      return !found;
    }));
    return found;
  }
  std::size_t bytes() const { return texts_.bytes(); }  // that were opened so far

 private:
  TextSearch(store::RecordStore& store, const std::string& text)
      : text_(text), rows_(std::make_unique<std::vector<SessionRow>>()), texts_(store, *rows_) {}

  const std::string& text_;
  std::unique_ptr<std::vector<SessionRow>> rows_;  // that may have it
  std::vector<std::size_t> places_;                // of these in the listing
  std::vector<SecretString> keys_;
  std::size_t next_ = 0;
  SessionTexts texts_;
};

}  // namespace

// A search goes on until its page is full, or it has looked at as much as one request may.
absl::StatusOr<SessionReader::Page> SessionReader::Search(Query query, const std::string& scope,
                                                          std::size_t size) {
  Page page;
  std::size_t bytes = 0, opened = 0;
  for (;;) {
    CS_ASSIGN_OR_RETURN(const auto rows, store_.List(query.filter, kMaxPage));
    CS_ASSIGN_OR_RETURN(TextSearch search, TextSearch::Begin(store_, keys_, query.text, rows));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool is_full = page.rows.size() == size;
      if (is_full || bytes + search.bytes() > kSearchBytes || opened == kSearchSessions ||
          page.searched == kSearchFilters) {
        page.next_page_token = tokens_.Make(
            scope, MakePosition(is_full ? page.rows.back()
                                        : SessionRow{.id = query.filter.before_id,
                                                     .started_at = query.filter.before_time}));
        return page;
      }
      const SessionRow& row = rows[i];
      query.filter.before_time = row.started_at;
      query.filter.before_id = row.id;
      ++page.searched;
      page.searched_back_to = row.started_at;
      if (search.IsRuledOut(i)) continue;
      ++opened;
      const auto has_text = search.Has();
      if (absl::IsUnavailable(has_text.status())) return has_text.status();
      if (has_text.ok() && *has_text) page.rows.push_back(row);
    }
    if (rows.size() < kMaxPage) return page;
    bytes += search.bytes();
  }
}

absl::StatusOr<SessionReader::Page> SessionReader::List(Query query) {
  const std::string scope = MakeScope(query);
  CS_ASSIGN_OR_RETURN(const std::string place, tokens_.Read(scope, query.page_token));
  CS_RETURN_IF_ERROR(GoOnAfter(place, query.filter));
  const std::size_t size =
      query.page_size == 0 ? kDefaultPage : std::min(query.page_size, kMaxPage);
  if (!query.text.empty()) return Search(std::move(query), scope, size);
  Page page;
  // One more than fits tells whether there is a next page.
  CS_ASSIGN_OR_RETURN(page.rows, store_.List(query.filter, size + 1));
  if (page.rows.size() > size) {
    page.rows.pop_back();
    page.next_page_token = tokens_.Make(scope, MakePosition(page.rows.back()));
  }
  return page;
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
