#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/crypto/page_tokens.h"
#include "libs/domain/principal.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::audit {

// The connections whose sessions `auditor` may read; nullopt means all. PERMISSION_DENIED for a
// principal without the role auditor.
absl::StatusOr<std::optional<std::set<std::string>>> ReadableConnections(
    const domain::Principal& auditor);

// What auditors read of the record, with payloads decrypted. Blocking; thread-safe.
class SessionReader {
 public:
  SessionReader(store::RecordStore& store, chain::KeyRing& keys, crypto::PageTokens tokens)
      : store_(store), keys_(keys), tokens_(std::move(tokens)) {}

  struct Query {
    std::string who;  // the caller; unique
    store::SessionFilter filter;
    std::string text;           // substring of the prompt or the answer, ASCII-caseless; empty: any
    std::size_t page_size = 0;  // 0: 50; at most 500
    std::string page_token;     // of the previous page of the same query; empty for the first
  };
  struct Page {
    std::vector<SessionRow> rows;
    std::string next_page_token;  // empty: there is no more
    // Of a search by text: the number of sessions that were examined for this page, and when the
    // oldest of them started.
    std::size_t searched = 0;
    absl::Time searched_back_to = absl::InfiniteFuture();
  };
  // Newest first. A search by text opens the sessions whose filter (text_filter.h) does not exclude
  // it, within limits, so a page may have fewer rows than requested, or none, and still have a next
  // page. INVALID_ARGUMENT for a token that this caller did not get for this query.
  absl::StatusOr<Page> List(Query query);

  // INVALID_ARGUMENT when `id` is not a session id; NOT_FOUND.
  absl::StatusOr<SessionRow> Find(const std::string& id);

  struct OpenedEvent {
    std::uint32_t index = 0;
    std::string type;
    absl::Time at;
    std::string payload;  // UTF-8
    std::string hash;     // 32 raw bytes
  };
  struct Detail {
    SessionRow row;
    std::vector<OpenedEvent> events;
    bool more = false;
  };
  // Events after `after_index`: at most `max_events` (0: 1,000) and about 1 MiB. NOT_FOUND.
  absl::StatusOr<Detail> Get(const std::string& id, std::uint32_t after_index,
                             std::size_t max_events);

 private:
  absl::StatusOr<Page> Search(Query query, const std::string& scope, std::size_t size);

  store::RecordStore& store_;
  chain::KeyRing& keys_;
  const crypto::PageTokens tokens_;
};

}  // namespace countersign::session_recorder::audit
