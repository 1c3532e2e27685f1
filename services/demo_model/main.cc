// countersign-demo-model: an OpenAI-compatible server with scripted answers (script.h); it needs no
// model.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "libs/http/server.h"
#include "services/demo_model/model_server.h"

int main(int argc, char** argv) {
  std::string host = "127.0.0.1";
  int port = 0;
  int pace_ms = 40;
  std::string log;
  CLI::App app("An OpenAI-compatible server that streams scripted answers.");
  app.add_option("--host", host, "The address to listen on (127.0.0.1)")->check(CLI::ValidIPV4);
  app.add_option("--port", port, "Where to listen; 0 (default): a free port")
      ->check(CLI::Range(0, 65535));
  app.add_option("--pace-ms", pace_ms, "Between two pieces of a stream (40)")
      ->check(CLI::Range(0, 60'000));
  app.add_option("--log", log, "Append every request, byte for byte, to this file as JSON lines");
  CLI11_PARSE(app, argc, argv);

  // Blocked before any thread starts, so that only sigwait below takes them.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);

  const auto requests = countersign::demo_model::RequestLog::Open(log);
  if (!requests.ok()) {
    std::cerr << "countersign-demo-model: " << requests.status().message() << "\n";
    return 1;
  }
  countersign::http::Workers workers(1);
  auto listener = countersign::http::ListenHttp(
      workers, absl::StrCat(host, ":", port), {}, {},
      countersign::demo_model::MakeModel(**requests, absl::Milliseconds(pace_ms)));
  if (!listener.ok()) {
    std::cerr << "countersign-demo-model: " << listener.status().message() << "\n";
    return 1;
  }
  std::cout << "http://" << (*listener)->address() << std::endl;
  int received = 0;
  sigwait(&stop, &received);
  (*listener)->Drain(absl::Seconds(1));
  return 0;
}
