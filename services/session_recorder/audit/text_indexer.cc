#include "services/session_recorder/audit/text_indexer.h"

#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "services/session_recorder/audit/session_texts.h"
#include "services/session_recorder/audit/text_filter.h"

namespace countersign::session_recorder::audit {
namespace {

constexpr std::size_t kAtOnce = 200, kBatchesOfTick = 10;

}  // namespace

// False when there are no more.
absl::StatusOr<bool> TextIndexer::MakeSome() {
  CS_ASSIGN_OR_RETURN(const store::UnfilteredSessions next, store_.WithoutTextFilter(kAtOnce));
  if (next.rows.empty()) return false;
  SessionTexts texts(store_, next.rows);
  std::vector<std::string> filters;
  for (std::size_t i = 0; i < next.rows.size(); ++i) {
    std::string& filter = filters.emplace_back();
    const auto key = keys_.Unwrap(next.rows[i].id, next.rows[i].data_key);
    if (!key.ok()) continue;
    TextFilterBuilder builder;
    const absl::Status read = texts.ForEach(i, *key, [&](absl::string_view text) {
      builder.Add(text);
      return true;
    });
    if (absl::IsUnavailable(read)) return read;
    // A session that cannot be read has no filter: a search opens it.
    if (read.ok()) filter = builder.Build(*key);
  }
  CS_RETURN_IF_ERROR(store_.AddTextFilters(next, filters));
  return next.rows.size() == kAtOnce;
}

absl::Status TextIndexer::Tick() {
  for (std::size_t i = 0; i < kBatchesOfTick; ++i) {
    CS_ASSIGN_OR_RETURN(const bool more, MakeSome());
    if (!more) break;
  }
  return absl::OkStatus();
}

}  // namespace countersign::session_recorder::audit
