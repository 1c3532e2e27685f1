#include "services/session_recorder/chain/chain.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"

namespace countersign::session_recorder::chain {
namespace {

const SecretString kKey(std::string(32, 'k'));
const absl::Time kAt = absl::FromUnixNanos(1'790'000'000'123'456'789);

}  // namespace

TEST_CASE("LinkHash: its value never changes, so that old records stay verifiable",
          "[session_recorder]") {
  const std::string genesis = GenesisHash("s", KeyCommitment(kKey));
  CHECK(HexEncode(genesis) == "73f0d7be34cd1254b25fd1b894739eefdc45b11eec753212a7a177cafeba8c9b");
  CHECK(HexEncode(LinkHash("s", 1, "request", kAt, "sealed", genesis)) ==
        "e61b01511f291a1ccb7433e20e152fb5b230e403cc8a117edd6dcfda47c20cd5");
}

TEST_CASE("LinkHash: every field changes it", "[session_recorder]") {
  const std::string previous(32, 'p');
  const std::string hash = LinkHash("s", 1, "request", kAt, "sealed", previous);
  CHECK(hash != LinkHash("t", 1, "request", kAt, "sealed", previous));
  CHECK(hash != LinkHash("s", 2, "request", kAt, "sealed", previous));
  CHECK(hash != LinkHash("s", 1, "requesu", kAt, "sealed", previous));
  CHECK(hash != LinkHash("s", 1, "request", kAt + absl::Nanoseconds(1), "sealed", previous));
  CHECK(hash != LinkHash("s", 1, "request", kAt, "sealee", previous));
  CHECK(hash != LinkHash("s", 1, "request", kAt, "sealed", std::string(32, 'q')));
}

TEST_CASE("GenesisHash: commits to the session and to its key", "[session_recorder]") {
  const SecretString other(std::string(32, 'o'));
  CHECK(GenesisHash("s", KeyCommitment(kKey)) != GenesisHash("t", KeyCommitment(kKey)));
  CHECK(GenesisHash("s", KeyCommitment(kKey)) != GenesisHash("s", KeyCommitment(other)));
}

TEST_CASE("OpenPayload: a sealed payload opens only in its own place", "[session_recorder]") {
  SystemRandom random;
  SealedEvent event;
  event.index = 3;
  event.type = "response.data";
  event.sealed = SealPayload(kKey, "s", 3, "response.data", "text", random);
  CHECK(*OpenPayload(kKey, "s", event) == "text");
  CHECK_FALSE(OpenPayload(kKey, "t", event).ok());
  event.index = 4;
  CHECK_FALSE(OpenPayload(kKey, "s", event).ok());
  event.index = 3;
  event.type = "decision";
  CHECK_FALSE(OpenPayload(kKey, "s", event).ok());
}

}  // namespace countersign::session_recorder::chain
