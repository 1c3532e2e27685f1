#pragma once

#include <string>

namespace countersign::testing {

// A PostgreSQL 15 cluster for this test binary: a temporary folder, a Unix socket and no TCP. For
// root it runs as user `postgres`. It is stopped and removed when the object is destroyed or the
// process ends, however it ends: a detached watchdog notices. A failure during setup aborts with a
// message, because no test that needs the database could run.
//
// Commits survive a kill -9 of the server but not of the machine (fsync is off), unless `durable`.
class PrivatePostgres {
 public:
  explicit PrivatePostgres(bool durable = false);
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // The cluster shared by the tests of one binary, started on first use. Tests that stop or kill
  // the server use their own.
  static PrivatePostgres& Shared();

  // Creates an empty database and returns its libpq conninfo. Thread-safe.
  std::string FreshDatabase();

  void Stop();   // fast shutdown: transactions are rolled back, connections closed
  void Kill();   // kill -9 of the postmaster and its children
  void Start();  // after Stop or Kill; returns when connections are accepted

 private:
  std::string Conninfo(const std::string& database) const;
  void StartWatchdog();

  std::string dir_;
  std::string server_options_;
  int life_ = -1;  // the watchdog stops the server when the last copy of this is closed
  int done_ = -1;  // end of file when the watchdog has finished
};

}  // namespace countersign::testing
