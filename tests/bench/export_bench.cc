// Measures the speed of exporting and verifying a record on one core. The record is in memory, so
// the figures do not include PostgreSQL.
//   export_bench [SESSIONS]     (5,000)
// Exits with 1 when either is below 50 MB/s.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/domain/event_payload.h"
#include "services/session_recorder/chain/checkpointer.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/exports/exporter.h"
#include "services/session_recorder/exports/verifier.h"
#include "services/session_recorder/live/live_sessions.h"
#include "services/session_recorder/store/record_store_memory.h"

namespace countersign::session_recorder {
namespace {

constexpr double kGoal = 50;  // MB/s of one core

double CpuNow() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "export_bench: %s\n", status.ToString().c_str());
  std::exit(2);
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) Die(value.status());
  return *std::move(value);
}

// A short streamed chat, as most are: request, decision, forward, head, four pieces, end.
void RecordOne(live::LiveSessions& sessions, const Clock& clock, RandomSource& random) {
  auto prompt = std::make_shared<domain::Prompt>();
  prompt->operation = "chat.completions";
  prompt->model = "gpt-4o";
  prompt->stream = true;
  prompt->parts = {{"user", "/messages/0/content", std::string(300, 'p')}};
  domain::SessionStart start;
  start.session_id = UuidV7(clock.Now(), random);
  start.request_id = start.session_id;
  start.connection = "openai";
  start.prompt = prompt;
  start.method = "POST";
  start.path = "/v1/chat/completions";
  start.body = absl::StrCat(R"({"model":"gpt-4o","messages":[{"role":"user","content":")",
                            std::string(300, 'p'), R"("}]})");
  domain::Principal who;
  who.issuer = "countersign";
  who.subject = "key-1";
  who.identity = "ci-bot";
  std::vector<domain::SessionEvent> events;
  events.push_back({domain::event_type::kForward, R"({"binding_hash":"00","bytes":400})"});
  for (int i = 0; i < 4; ++i) {
    events.push_back({domain::event_type::kResponseData,
                      domain::ResponseDataPayload(
                          R"(data: {"choices":[{"index":0,"delta":{"content":"some words "}}]})"
                          "\n\n",
                          {})});
  }
  domain::SessionEnd end;
  end.outcome = domain::Outcome::kCompleted;
  std::promise<absl::Status> done;
  sessions.End(sessions.NewSession(start, who, live::LiveSessions::Lease::kHeld), std::move(events),
               end, absl::InfiniteFuture(), [&](const absl::StatusOr<std::uint32_t>& result) {
                 done.set_value(result.status());
               });
  if (const absl::Status status = done.get_future().get(); !status.ok()) Die(status);
}

bool Report(const char* what, double bytes, double cpu) {
  const double rate = bytes / cpu / 1e6;
  std::printf("%-7s %8.1f MB/s per core  (%.1f MB, %.2f s)  %s\n", what, rate, bytes / 1e6, cpu,
              rate >= kGoal ? "ok" : "BELOW 50");
  return rate >= kGoal;
}

int Run(int count) {
  SystemClock clock;
  SystemRandom random;
  const std::string keys = absl::StrCat(std::filesystem::temp_directory_path().string(),
                                        "/export_bench.", getpid(), ".keys");
  const auto ring = Must(chain::FileKeyRing::LoadOrCreate(keys, random));
  std::filesystem::remove(keys);
  store::MemoryRecordStore store;
  live::LiveSessionsOptions options;
  options.node = "bench";
  live::LiveSessions sessions(store, *ring, clock, random, {}, options);
  chain::Checkpointer checkpointer(store, clock, crypto::SigningKey::Generate(), {}, {});
  for (int n = 0; n < count; ++n) {
    RecordOne(sessions, clock, random);
    if (n % 500 == 499) (void)Must(checkpointer.Force());
  }
  exports::Exporter exporter(store, *ring, checkpointer, clock, random);
  std::string file;
  const double before = CpuNow();
  auto page = Must(exporter.Begin({}, {}));
  file = page.bytes;
  while (!page.next_page_token.empty()) {
    page = Must(exporter.Next(page.next_page_token, {}));
    file += page.bytes;
  }
  const double exported = CpuNow();
  std::istringstream input(file);
  const exports::VerifyReport report = exports::Verify(input, checkpointer.key().public_key());
  const double verified = CpuNow();
  if (!report.intact || report.sessions.size() != static_cast<std::size_t>(count)) {
    Die(absl::DataLossError("the export is not intact"));
  }
  std::printf("%d sessions, %.1f KB each\n", count, static_cast<double>(file.size()) / count / 1e3);
  const bool fast = Report("export", static_cast<double>(file.size()), exported - before);
  return Report("verify", static_cast<double>(file.size()), verified - exported) && fast ? 0 : 1;
}

}  // namespace
}  // namespace countersign::session_recorder

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 5000;
  return countersign::session_recorder::Run(count > 0 ? count : 5000);
}
