#include "services/session_recorder/store/record_store_memory.h"

#include <catch2/catch.hpp>

#include "services/session_recorder/testing/record_store_contract.h"

namespace countersign::session_recorder::store {

TEST_CASE("MemoryRecordStore: fulfils the contract of RecordStore", "[session_recorder]") {
  CheckRecordStore([] { return std::make_unique<MemoryRecordStore>(); });
}

}  // namespace countersign::session_recorder::store
