#include "libs/text/tokens/piece_cache.h"

#include <memory>

namespace countersign::text::tokens {

PieceCache& PieceCache::ForThread() {
  static thread_local const auto cache = std::make_unique<PieceCache>();
  return *cache;
}

}  // namespace countersign::text::tokens
