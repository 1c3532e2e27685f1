#include "libs/text/tokens/piece_cache.h"

#include <memory>

namespace countersign::text {

PieceCache& PieceCache::ForThread(const void* owner) {
  static thread_local std::unique_ptr<PieceCache> cache;
  if (!cache) cache = std::make_unique<PieceCache>();
  if (cache->owner_ != owner) {
    cache->entries_.fill({});
    cache->owner_ = owner;
  }
  return *cache;
}

}  // namespace countersign::text
