#pragma once

#include <string>

namespace countersign::testing {

// A PostgreSQL 15 cluster of this test binary's own: a temporary directory, a Unix socket and no
// TCP. As root it runs as user `postgres`. It is stopped and removed when the object is destroyed
// or the process ends in any way, a crash or a kill -9 included: a detached watchdog sees the
// process go. Anything that fails while setting up aborts with a message, because no test that
// needs the database can go on.
//
// Commits survive a kill -9 of the server but not of the machine (fsync is off), unless `durable`.
class PrivatePostgres {
 public:
  explicit PrivatePostgres(bool durable = false);
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // The cluster that the tests of one binary share, started on first use. Tests that stop or kill
  // the server make their own.
  static PrivatePostgres& Shared();

  // Makes an empty database and returns its libpq conninfo. Thread-safe.
  std::string FreshDatabase();

  void Stop();   // fast shutdown: transactions are rolled back, connections closed
  void Kill();   // kill -9 of the postmaster and its children
  void Start();  // after Stop or Kill; returns when connections are accepted

 private:
  std::string Conninfo(const std::string& database) const;
  void StartWatchdog();

  std::string dir_;
  std::string server_options_;
  int life_ = -1;  // the watchdog acts when the last copy of this descriptor is closed
  int done_ = -1;  // end of file when the watchdog is finished
};

}  // namespace countersign::testing
