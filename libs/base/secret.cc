#include "libs/base/secret.h"

#include <cstring>

namespace countersign {

void WipeMemory(void* data, std::size_t size) {
  if (size != 0) explicit_bzero(data, size);
}

}  // namespace countersign
