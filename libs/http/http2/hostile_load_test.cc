// Good calls beside hostile callers of HTTP/2: all are answered, and the server's memory stays
// bounded. Prints how much slower they were and what memory grew; asserts no times.
//
// A good call takes kModelTime, about the least that a model needs. Attackers run at the lowest
// priority, so that the figures show what the server spends on them.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "libs/async/sleep.h"
#include "libs/base/mutex.h"
#include "libs/http/testing/http2_client.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http::http2 {
namespace {

using testing::Frame;
using testing::Http2Client;
using testing::Number;
using testing::TestServer;

constexpr int kAttackers = 4;
constexpr int kCallers = 8, kCallsOfEach = 40;
constexpr absl::Duration kModelTime = absl::Milliseconds(10);
constexpr std::size_t kMaxGrowth = 128u << 20;

std::size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// "/large" is answered with a megabyte in pieces, others with a few bytes.
async::Awaitable<void> Answer(Exchange& exchange) {
  (void)co_await exchange.ReadBody();
  if (exchange.head().target != "/large") {
    if (exchange.head().target == "/model") {
      co_await async::Sleep(exchange.executor(), kModelTime);
    }
    (void)co_await exchange.Respond(ResponseHead(), "ok");
    co_return;
  }
  (void)co_await exchange.Begin(ResponseHead());
  const std::string piece(16u << 10, 'x');
  for (int i = 0; i < 64; ++i) {
    const absl::Status written = co_await exchange.Write(piece);
    if (!written.ok()) co_return;
  }
  (void)co_await exchange.Finish();
}

// The times of the calls in milliseconds, in order.
std::vector<double> MakeGoodCalls(const std::string& address) {
  Mutex mutex;
  std::vector<double> times;
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&] {
      Http2Client client(address);
      // The acknowledgement of settings delays the second request on a new connection.
      for (int i = 0; i < 2; ++i) client.Read(client.Get("/"));
      for (int i = 0; i < kCallsOfEach; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        if (client.Read(client.Get("/model")).body == "ok") ++answered;
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - begin;
        const MutexLock lock(mutex);
        times.push_back(took.count());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(answered == kCallers * kCallsOfEach);
  std::sort(times.begin(), times.end());
  return times;
}
double Percentile99(const std::vector<double>& times) { return times[times.size() * 99 / 100]; }

// Attacks on one connection, until it is closed or `stop`.
struct Attack {
  const char* name;
  std::function<void(Http2Client& client, const std::atomic<bool>& stop)> run;
};

void Repeat(Http2Client& client, const std::atomic<bool>& stop, const Frame& frame) {
  while (!stop && client.TrySend(frame)) {
  }
}
// Sends requests whose answers it does not read, then waits.
void AskAndWait(Http2Client& client, const std::atomic<bool>& stop, const std::string& path) {
  for (int i = 0; i < 100 && !stop; ++i) client.Get(path);
  while (!stop) std::this_thread::yield();
}

std::vector<Attack> MakeAttacks() {
  return {
      {"rapid reset",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         const std::string head = Http2Client::EncodeFields(Http2Client::Head("GET", "/large"));
         for (std::int32_t stream = 1; !stop; stream += 2) {
           if (!client.TrySend({NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
                                stream, head})) {
             return;
           }
           if (!client.TrySend({NGHTTP2_RST_STREAM, 0, stream, Number(NGHTTP2_CANCEL)})) return;
         }
       }},
      {"CONTINUATION",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         client.TrySend({NGHTTP2_HEADERS, 0, 1, ""});
         Repeat(client, stop, {NGHTTP2_CONTINUATION, 0, 1, ""});
       }},
      {"SETTINGS",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         Repeat(client, stop, {NGHTTP2_SETTINGS, 0, 0, ""});
       }},
      {"PING",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         Repeat(client, stop, {NGHTTP2_PING, 0, 0, "12345678"});
       }},
      {"empty DATA",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
         Repeat(client, stop, {NGHTTP2_DATA, 0, stream, ""});
       }},
      {"windows that open byte by byte",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         client.Send(
             {NGHTTP2_SETTINGS, 0, 0, Number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + Number(0)});
         const std::int32_t stream = client.Get("/large");
         Repeat(client, stop, {NGHTTP2_WINDOW_UPDATE, 0, stream, Number(1)});
       }},
      {"windows that stay closed",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         client.Send(
             {NGHTTP2_SETTINGS, 0, 0, Number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + Number(0)});
         AskAndWait(client, stop, "/large");
       }},
      {"readers that do not read",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         client.Send({NGHTTP2_SETTINGS, 0, 0,
                      Number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + Number(0x7fffffff)});
         client.OpenWindow(0, 0x70000000);
         AskAndWait(client, stop, "/large");
       }},
      {"bodies that stay open",
       [](Http2Client& client, const std::atomic<bool>& stop) {
         for (int i = 0; i < 100 && !stop; ++i) {
           const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
           client.TrySend({NGHTTP2_DATA, 0, stream, std::string(600, 'x')});
         }
         while (!stop) std::this_thread::yield();
       }},
  };
}

TEST_CASE("Hostile HTTP/2 load: good calls are answered, and memory is bounded", "[http]") {
  for (const Attack& attack : MakeAttacks()) {
    CAPTURE(attack.name);
    TestServer server(Answer);
    const double before = Percentile99(MakeGoodCalls(server.address()));
    const std::size_t resident = ResidentBytes();
    std::atomic<bool> stop{false};
    std::vector<std::thread> attackers;
    for (int i = 0; i < kAttackers; ++i) {
      attackers.emplace_back([&] {
        (void)::setpriority(PRIO_PROCESS, 0, 19);  // of this thread
        while (!stop) {
          Http2Client client(server.address());
          attack.run(client, stop);
        }
      });
    }
    const double beside = Percentile99(MakeGoodCalls(server.address()));
    const std::size_t now = ResidentBytes();
    stop = true;
    for (std::thread& attacker : attackers) attacker.join();
    const std::size_t growth = now > resident ? now - resident : 0;
    std::printf("%-32s p99 %6.2f ms, alone %6.2f ms (%.1fx), %zu KiB more memory\n", attack.name,
                beside, before, beside / before, growth >> 10);
    CHECK(growth < kMaxGrowth);
  }
}

}  // namespace
}  // namespace countersign::http::http2
