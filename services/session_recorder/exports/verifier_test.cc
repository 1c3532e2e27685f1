#include "services/session_recorder/exports/verifier.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/testing/archive.h"

namespace countersign::session_recorder::exports {
namespace {

using domain::Outcome;

std::string Joined(const std::vector<std::string>& lines) {
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

// The file with a recomputed, signed last line, as a holder of the signing key could write it.
std::string Resigned(std::vector<std::string> lines, const crypto::SigningKey& key) {
  lines.pop_back();
  ExportEnd end;
  end.lines = lines.size();
  end.sha256 = crypto::Sha256(Joined(lines));
  end.signature = key.Sign(EndBytes(end));
  lines.push_back(EndLine(end));
  return Joined(lines);
}

std::size_t FindFirst(const std::vector<std::string>& lines, const std::string& type) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (LineType(lines[i]) == type) return i;
  }
  FAIL("no line of type " << type);
  return 0;
}

}  // namespace

TEST_CASE("Verify: an untouched export is intact, by its own key and by the pinned one",
          "[session_recorder]") {
  Archive archive;
  const bool named = GENERATE(false, true);
  const std::string file = named ? archive.Export({TestId(1), TestId(3)}) : archive.Export();
  const VerifyReport report = Judge(file);
  INFO(file << Describe(report));
  CHECK(report.intact);
  CHECK_FALSE(report.pinned);
  CHECK(report.complete == !named);
  CHECK(report.sessions.size() == (named ? 2 : 3));
  CHECK(report.sessions[0].events == 5);
  CHECK(report.sessions[0].outcome == Outcome::kCompleted);
  CHECK(report.public_key == Base64UrlEncode(archive.key.public_key()));
  const VerifyReport pinned = Judge(file, archive.key.public_key());
  CHECK(pinned.intact);
  CHECK(pinned.pinned);
  CHECK_FALSE(Judge(file, crypto::SigningKey::Generate().public_key()).intact);
}

TEST_CASE("Verify: an export without any session is intact", "[session_recorder]") {
  Archive archive(0);
  const VerifyReport report = Judge(archive.Export());
  INFO(Describe(report));
  CHECK(report.intact);
  CHECK(report.sessions.empty());
}

TEST_CASE("Verify: a flipped bit in any byte is detected", "[session_recorder][tamper]") {
  Archive archive(2);
  const std::string file = archive.Export();
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  // Testing every byte would take a minute; test every seventh, from a random start.
  for (std::size_t at = dice() % 7; at < file.size(); at += 7) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ (1 << dice() % 8));
    const VerifyReport report = Judge(changed);
    INFO("byte " << at << " of " << file.size() << "\n" << changed.substr(at, 40));
    REQUIRE_FALSE(report.intact);
    REQUIRE((!report.problems.empty() || !Describe(report).empty()));
  }
}

TEST_CASE("Verify: a removed, repeated or moved line is detected", "[session_recorder][tamper]") {
  Archive archive(2);
  const std::vector<std::string> lines = Lines(archive.Export());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    INFO("line " << i + 1 << ": " << lines[i].substr(0, 60));
    std::vector<std::string> removed = lines;
    removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(Judge(Joined(removed)).intact);
    std::vector<std::string> repeated = lines;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK_FALSE(Judge(Joined(repeated)).intact);
    if (i + 1 < lines.size()) {
      std::vector<std::string> swapped = lines;
      std::swap(swapped[i], swapped[i + 1]);
      CHECK_FALSE(Judge(Joined(swapped)).intact);
    }
  }
}

TEST_CASE("Verify: a file that was cut or extended is detected", "[session_recorder][tamper]") {
  Archive archive(1);
  const std::string file = archive.Export();
  for (std::size_t size = 0; size < file.size(); size += 13) {
    INFO(size);
    CHECK_FALSE(Judge(file.substr(0, size)).intact);
  }
  CHECK_FALSE(Judge(file.substr(0, file.size() - 1)).intact);
  for (const char* more : {"\n", " ", "x", "{}\n", "{\"type\":\"event\"}\n"}) {
    CHECK_FALSE(Judge(file + more).intact);
  }
  CHECK_FALSE(Judge(file + file).intact);
  CHECK_FALSE(Judge("").intact);
}

TEST_CASE("Verify: another spelling of the same values is detected", "[session_recorder][tamper]") {
  Archive archive(1);
  const std::string file = archive.Export();
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"index\":1,", "\"index\": 1,"},
           {"\"type\":\"event\"", "\"type\" :\"event\""},
           {"\n", "\r\n"},
           {"\"stream\":true", "\"stream\":true,\"extra\":1"},
           {"000Z\"", "000+00:00\""}}) {
    INFO(from << " to " << to);
    const std::string changed = absl::StrReplaceAll(file, {{from, to}});
    REQUIRE(changed != file);
    // Also when the last line is recomputed.
    CHECK_FALSE(Judge(Resigned(Lines(changed), archive.key)).intact);
  }
}

// Changes that a database administrator could make before an export that is then signed with the
// real key: the file's signature is valid, but it contradicts earlier checkpoints.
TEST_CASE("Verify: a record changed in the store is detected although the export is signed",
          "[session_recorder][tamper]") {
  Archive archive(3);
  const bool named = GENERATE(false, true);
  const std::vector<std::string> ids =
      named ? std::vector<std::string>{TestId(1), TestId(2), TestId(3)}
            : std::vector<std::string>{};
  const auto rehash = [&](int n, const std::string& key_bytes) {
    std::string hash = chain::GenesisHash(TestId(n), chain::KeyCommitment(SecretString(key_bytes)));
    std::uint32_t index = 0;
    for (SealedEvent& event : archive.Events(n)) {
      event.index = ++index;
      hash = event.hash =
          chain::LinkHash(TestId(n), event.index, event.type, event.at, event.sealed, hash);
    }
    archive.Row(n).head = {index, hash};
  };
  const std::string data_key =
      archive.recorder.keys.Unwrap(TestId(2), archive.Row(2).data_key)->Reveal();
  SECTION("a payload's byte") { archive.Events(2)[2].sealed[20] ^= 1; }
  SECTION("a time") { archive.Events(2)[2].at += absl::Nanoseconds(1); }
  SECTION("a type") { archive.Events(2)[3].type = "response.head"; }
  SECTION("a missing event") { archive.Events(2).erase(archive.Events(2).begin() + 2); }
  SECTION("the last event missing") { archive.Events(2).pop_back(); }
  SECTION("an event twice") {
    archive.Events(2).insert(archive.Events(2).begin() + 2, archive.Events(2)[2]);
  }
  SECTION("two events in another order") { std::swap(archive.Events(2)[2], archive.Events(2)[3]); }
  SECTION("the events of another session") { archive.Events(2) = archive.Events(3); }
  SECTION("a forged event with recomputed hashes") {
    archive.Events(2)[2].sealed = chain::SealPayload(
        SecretString(data_key), TestId(2), 3, "response.data", "forged", archive.recorder.random);
    rehash(2, data_key);
  }
  SECTION("a rollback: the last events removed and the row adjusted") {
    archive.Events(2).resize(4);
    rehash(2, data_key);
    archive.Row(2).summary.end = {Outcome::kRunning, "", 0, 0, {}};
  }
  SECTION("an outcome in the row") { archive.Row(2).summary.end.outcome = Outcome::kBlocked; }
  SECTION("an identity in the row") { archive.Row(2).summary.identity = "eve"; }
  SECTION("a start time in the row") { archive.Row(2).started_at += absl::Hours(1); }
  SECTION("another data key") { archive.Row(2).data_key = archive.Row(3).data_key; }
  SECTION("two sessions with exchanged positions") {
    std::swap(archive.Row(2).position, archive.Row(3).position);
  }
  const VerifyReport report = Judge(archive.Export(ids), archive.key.public_key());
  INFO(Describe(report));
  CHECK_FALSE(report.intact);
  // The report names the session.
  bool found = false;
  for (const SessionVerdict& session : report.sessions) {
    if (session.id == TestId(2)) found = !session.intact && session.line > 0;
    if (session.id == TestId(1)) CHECK(session.intact);
  }
  CHECK(found);
}

TEST_CASE("Verify: a session missing from the store is detected in a complete export",
          "[session_recorder][tamper]") {
  Archive archive(3);
  archive.store.sessions().erase(TestId(2));
  const VerifyReport report = Judge(archive.Export());
  INFO(Describe(report));
  CHECK_FALSE(report.intact);
  CHECK(absl::StrContains(Describe(report), TestId(2) + " is missing"));
}

TEST_CASE("Verify: forged checkpoints are detected in any place", "[session_recorder][tamper]") {
  Archive archive(3);
  std::vector<std::string> lines = Lines(archive.Export());
  const std::size_t first = FindFirst(lines, "checkpoint");
  const std::size_t last = lines.size() - 2;
  REQUIRE(last - first >= 4);
  const crypto::SigningKey attacker = crypto::SigningKey::Generate();
  const auto forge = [&](std::size_t at, auto change, const crypto::SigningKey& key) {
    chain::Checkpoint checkpoint = *ParseCheckpoint(lines[at]);
    change(checkpoint);
    chain::Sign(key, checkpoint);
    lines[at] = CheckpointLine(checkpoint);
  };
  SECTION("a middle one by another key") {
    forge(
        first + 2, [](chain::Checkpoint&) {}, attacker);
  }
  SECTION("a middle one by the real key, with another root") {
    forge(
        first + 2, [](chain::Checkpoint& c) { c.root[0] ^= 1; }, archive.key);
  }
  SECTION("a middle one by the real key, with another head") {
    forge(
        first + 2, [](chain::Checkpoint& c) { c.heads.clear(); }, archive.key);
  }
  SECTION("the last ones removed: a rollback to an older checkpoint") {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(last - 1),
                lines.begin() + static_cast<std::ptrdiff_t>(last + 1));
  }
  SECTION("the first one removed") {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(first));
  }
  SECTION("a gap in the middle") {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(first + 1));
  }
  SECTION("a time before the previous checkpoint's") {
    forge(
        first + 2, [](chain::Checkpoint& c) { c.at = absl::UnixEpoch(); }, archive.key);
  }
  const VerifyReport report = Judge(Resigned(lines, archive.key), archive.key.public_key());
  INFO(Describe(report));
  CHECK_FALSE(report.intact);
}

TEST_CASE("Verify: a file made with another key passes only with that key",
          "[session_recorder][tamper]") {
  Archive real, forged;
  const std::string file = forged.Export();
  CHECK(Judge(file).intact);
  CHECK_FALSE(Judge(file, real.key.public_key()).intact);
}

TEST_CASE("Verify: an endless line costs no more memory than the limit", "[session_recorder]") {
  std::istringstream input(std::string(1'000'000, 'x'));
  VerifyLimits limits;
  limits.max_line_bytes = 1000;
  CHECK_FALSE(Verify(input, std::nullopt, std::nullopt, limits).intact);
}

}  // namespace countersign::session_recorder::exports
