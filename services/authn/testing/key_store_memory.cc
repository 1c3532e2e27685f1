#include "services/authn/testing/key_store_memory.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "libs/base/status.h"

namespace countersign::authn::testing {

absl::Status MemoryKeyStore::Insert(const access_keys::KeyRecord& key, absl::string_view hash) {
  const MutexLock lock(mutex_);
  if (by_id_.count(key.id) != 0 || id_by_hash_.count(std::string(hash)) != 0) {
    return absl::AlreadyExistsError("the key exists");
  }
  by_id_.emplace(key.id, key);
  id_by_hash_.emplace(hash, key.id);
  return absl::OkStatus();
}

absl::StatusOr<access_keys::KeyRecord> MemoryKeyStore::FindByHash(absl::string_view hash) {
  const MutexLock lock(mutex_);
  const auto found = id_by_hash_.find(std::string(hash));
  if (found == id_by_hash_.end()) return absl::NotFoundError("no such key");
  return by_id_.at(found->second);
}

absl::StatusOr<access_keys::KeyRecord> MemoryKeyStore::FindById(const std::string& id) {
  const MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return absl::NotFoundError("no such key");
  return found->second;
}

absl::StatusOr<access_keys::KeyPage> MemoryKeyStore::List(std::size_t page_size,
                                                          absl::string_view page_token) {
  CS_ASSIGN_OR_RETURN(const access_keys::KeyPlace after,
                      access_keys::ParseKeyPageToken(page_token));
  const MutexLock lock(mutex_);
  std::vector<access_keys::KeyRecord> sorted;
  for (const auto& [id, key] : by_id_) {
    if (std::tie(key.created_at, id) > std::tie(after.created_at, after.id)) sorted.push_back(key);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const access_keys::KeyRecord& a, const access_keys::KeyRecord& b) {
              return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
            });
  access_keys::KeyPage page;
  const bool more = sorted.size() > page_size;
  sorted.resize(std::min(sorted.size(), page_size));
  page.items = std::move(sorted);
  if (more) page.next_page_token = access_keys::KeyPageToken(page.items.back());
  return page;
}

absl::StatusOr<access_keys::KeyRecord> MemoryKeyStore::Revoke(const std::string& id,
                                                              absl::Time now) {
  const MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return absl::NotFoundError("no such key");
  found->second.revoked_at = std::min(found->second.revoked_at, now);
  return found->second;
}

}  // namespace countersign::authn::testing
